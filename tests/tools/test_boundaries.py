"""No addon reaches another that it does not depend on."""

import ast
import re

from support import boundaries

from tools.layout import ADDONS, ROOT


def test_no_tie_runs_the_wrong_way():
    assert boundaries.ties() == []


def test_manifests_name_what_the_addon_needs_and_nothing_else():
    for addon in ADDONS:
        manifest = ast.literal_eval((ROOT / addon / "__manifest__.py").read_text(encoding="utf-8"))
        ours = {name for name in manifest["depends"] if name in ADDONS}
        assert ours == set(boundaries.DEPENDS[addon]), addon


def test_what_is_within_reach():
    reach = boundaries.within_reach("rental_event_sourcing")
    assert {"event_sourcing", "event_sourcing_history", "event_sourcing_job"} <= reach
    assert "event_sourcing_bi" not in reach
    assert boundaries.within_reach("event_sourcing") == {"event_sourcing", "event_sourcing_base"}


def test_modules_that_scripts_import_are_there():
    missing = []
    for script in ROOT.glob("*/static/src/**/*.js"):
        for addon, module in re.findall(r'from "@(\w+)/([^"]+)"', script.read_text()):
            if addon in ADDONS and not (ROOT / addon / "static/src" / f"{module}.js").is_file():
                missing.append(f"{script.relative_to(ROOT)} imports @{addon}/{module}")
    assert missing == []
