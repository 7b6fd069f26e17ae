from . import test_excel_report
