from . import test_references
