from . import test_bi
from . import test_bi_owned
