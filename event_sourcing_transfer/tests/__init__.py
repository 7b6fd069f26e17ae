from . import test_boundaries
from . import test_checked_whole
from . import test_migration
from . import test_import
from . import test_import_files
from . import test_restore
