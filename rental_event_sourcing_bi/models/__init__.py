from . import rental_bi
