from . import test_no_cursor, test_number_text
