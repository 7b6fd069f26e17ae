from . import test_checkpoints
