from . import access_first
from . import history_schema
from . import module_uninstall
from . import rules_digest
from . import res_groups
from . import error_sentences
from . import locale_mixin
from . import named_records
