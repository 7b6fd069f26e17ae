from . import rental_bi
from . import rental_bi_owned
