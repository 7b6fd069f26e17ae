import sys
from functools import cache
from pathlib import Path

from odoo import api, models, release, tools
from odoo.modules.module import get_manifest, get_module_path

from ..reach import NO_RULES, Reach

ODOO = f"odoo {release.version}"
PACKAGES = {"site-packages", "dist-packages"}


class RulesDigest(models.AbstractModel):
    """By which rules a handler or a boundary folds, told apart from those of another day."""

    _name = "rules.digest.mixin"
    _description = "Digest of Rules"

    # To be raised where the rules have changed in what the digest below cannot see.
    _rules_version = 1

    @api.model
    @tools.ormcache()
    def _rules_digest(self):
        """Return a digest of all that a fold can reach, the same in every process.

        That is what the classes hold and what their functions name: constants,
        functions and classes of their modules and of others of addons. What another model
        provides (``self.env[…]``), files and settings are not seen: raise ``_rules_version``
        after changing that.
        """
        reach = Reach(foreign_code)
        own = [kind for kind in type(self).__mro__ if foreign_code(kind.__module__) is None]
        for number, kind in enumerate(own):
            reach.add(f"class {number}", kind)
        declared = {name for kind in own for name in vars(kind)} - vars(models.BaseModel).keys()
        for name in sorted(declared - NO_RULES):
            # What was put on the classes that Odoo makes of them counts, too; but no method
            # that somebody wraps there while the server runs.
            value = getattr(type(self), name, None)
            if not callable(value):
                reach.add(f"attribute {name}", value)
        for name, value in self._further_rules():
            reach.add(name, value)
        return reach.digest()[:16]

    @api.model
    def _further_rules(self):
        """Return what of other models a fold reaches, as ``(name, value)``."""
        return []


@cache
def foreign_code(module):
    """Return what stands for the code of a module, None where its code is the rules' own.

    :param str module: full name
    """
    parts = (module or "").split(".")
    if parts[0] == "odoo":
        if parts[1:2] != ["addons"] or len(parts) < 3:
            return ODOO
        return ODOO if _is_of_odoo(parts[2]) else None
    if parts[0] in sys.stdlib_module_names:
        return parts[0]
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    if PACKAGES.isdisjoint(Path(file).parts):
        return None
    version = getattr(sys.modules.get(parts[0]), "__version__", "")
    return f"{parts[0]} {version}"


def _is_of_odoo(addon):
    """Whether an addon came with Odoo."""
    path, own = get_module_path(addon), ("base", "web")
    if not path or Path(path).parent not in {Path(get_module_path(name)).parent for name in own}:
        return False
    return get_manifest(addon).get("author", "").startswith("Odoo")
