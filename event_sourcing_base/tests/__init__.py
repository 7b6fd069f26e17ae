from . import test_number_text
