from . import test_excel_report
from . import test_owned_report
