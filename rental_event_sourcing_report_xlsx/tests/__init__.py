from . import test_declarations
from . import test_excel_report
