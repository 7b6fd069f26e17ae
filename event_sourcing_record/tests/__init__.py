from . import test_record_wizard
