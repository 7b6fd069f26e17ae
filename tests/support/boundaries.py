"""Which addon reaches which: found by reading the source, nothing is run.

A *tie* is one place in a file that reaches another addon:

- ``import``: of a module
- ``model``: its name as a text of its own, as in ``env["a.model"]`` or ``Many2one("a.model")``
- ``inherit``: ``_inherit`` of a model that another addon made
- ``xmlid``: as a text of its own, or an attribute of an XML file
- ``call``: of a method that begins with one ``_`` and that no addon within reach defines
- ``asset``: JavaScript that another addon brings, or a template of its own name
"""

import ast
import re
from collections import defaultdict

from tools.layout import ROOT

CORE = "event_sourcing"
BASE = "event_sourcing_base"
# What each addon needs besides itself; what these need in turn is within reach, too.
DEPENDS = {
    BASE: (),
    CORE: (BASE,),
    "event_sourcing_declaration": (CORE,),
    "event_sourcing_boundary": ("event_sourcing_declaration",),
    "event_sourcing_catalog": (CORE, "event_sourcing_boundary"),
    "event_sourcing_numbering": (CORE,),
    "event_sourcing_job": ("event_sourcing_catalog",),
    "event_sourcing_record": ("event_sourcing_catalog",),
    "event_sourcing_history": ("event_sourcing_job",),
    "event_sourcing_seal": ("event_sourcing_job",),
    "event_sourcing_archive": ("event_sourcing_seal",),
    "event_sourcing_transfer": ("event_sourcing_job",),
    "event_sourcing_analysis": ("event_sourcing_job",),
    "event_sourcing_report_xlsx": ("event_sourcing_analysis",),
    "event_sourcing_bi": ("event_sourcing_analysis",),
    "event_sourcing_mail": ("event_sourcing_analysis",),
    "event_sourcing_feed": ("event_sourcing_job",),
    "event_sourcing_delivery": ("event_sourcing_feed",),
    "event_sourcing_delivery_webhook": ("event_sourcing_delivery",),
    "event_sourcing_delivery_nats": ("event_sourcing_delivery",),
    "event_sourcing_delivery_rabbitmq": ("event_sourcing_delivery",),
    "event_sourcing_feed_bi": ("event_sourcing_feed", "event_sourcing_bi"),
    "event_sourcing_all": (
        *("event_sourcing_archive", "event_sourcing_bi", "event_sourcing_feed"),
        *("event_sourcing_history", "event_sourcing_mail", "event_sourcing_numbering"),
        "event_sourcing_record",
        *("event_sourcing_report_xlsx", "event_sourcing_transfer"),
    ),
    "rental_event_sourcing": (
        *("event_sourcing_history", "event_sourcing_analysis"),
        *("event_sourcing_boundary", "event_sourcing_numbering"),
    ),
    "rental_event_sourcing_bi": ("rental_event_sourcing", "event_sourcing_bi"),
    "rental_event_sourcing_feed": ("rental_event_sourcing", "event_sourcing_feed"),
    "rental_event_sourcing_account": ("rental_event_sourcing", "event_sourcing_feed"),
    "rental_event_sourcing_report_xlsx": ("rental_event_sourcing", "event_sourcing_report_xlsx"),
}
# Odoo's own methods, of which an addon has one of the same name.
OF_ODOO = ("_next", "_convert")
XML_NAMES = re.compile(
    r"""\b(?:ref|inherit_id|parent|action|t-call|groups|group_id:id|model_id:id)="([^"]+)\""""
)
XML_IDS = re.compile(r"""<(?:record|template|menuitem|act_window)\b[^>]*?\bid="([\w.]+)\"""")


def addon_of(path):
    """Return the addon that a file belongs to.

    :param pathlib.Path path: of a file of the repository
    """
    return path.relative_to(ROOT).parts[0]


def within_reach(addon):
    """Return the addons that an addon may use: itself, and what it depends on."""
    found, wanted = set(), [addon]
    while wanted:
        addon = wanted.pop()
        if addon not in found:
            found.add(addon)
            wanted += DEPENDS[addon]
    return found


def ties():
    """Return all ties that run the wrong way.

    :return: sorted list of ``"file -> addon: kind name"``, each tie once
    """
    sources = _sources()
    models, methods = _definitions(sources)
    ids = _xml_ids()
    wrong = set()
    for path, tree in sources.items():
        reach = within_reach(addon_of(path))
        for kind, name, homes in _reached(path, tree, models, methods, ids):
            if homes and not homes & reach:
                wrong.add(_tie(path, homes, kind, name))
    for path in _files("xml"):
        reach = within_reach(addon_of(path))
        text = path.read_text(encoding="utf-8")
        for names in XML_NAMES.findall(text):
            for name in names.split(","):
                homes = ids.get(_full(name.strip(), path), set())
                if homes and not homes & reach:
                    wrong.add(_tie(path, homes, "xmlid", name))
        for name in re.findall(r'\b(?:model|res_model)"?>([\w.]+)<', text):
            homes = {models[name]} if name in models else set()
            if homes and not homes & reach:
                wrong.add(_tie(path, homes, "model", name))
    for path in _files("js"):
        reach = within_reach(addon_of(path))
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"""["'](?:@(\w+)/|(\w+)\.\w+["'])""", text):
            addon = name[0] or name[1]
            if addon in DEPENDS and addon not in reach:
                wrong.add(_tie(path, {addon}, "asset", addon))
    return sorted(wrong)


def _tie(path, homes, kind, name):
    return f"{path.relative_to(ROOT).as_posix()} -> {min(homes)}: {kind} {name}"


def _files(suffix):
    addons = [ROOT / name for name in DEPENDS if (ROOT / name).is_dir()]
    return sorted({path for addon in addons for path in addon.rglob(f"*.{suffix}")})


def _sources():
    found = {}
    for path in _files("py"):
        if "tests" not in path.parts[len(ROOT.parts) :] and path.name != "__manifest__.py":
            found[path] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def _definitions(sources):
    """Return ``({model: addon}, {method: addons})``."""
    models, methods = {}, defaultdict(set)
    for path, tree in sources.items():
        addon = addon_of(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                methods[node.name].add(addon)
            if isinstance(node, ast.ClassDef):
                named = _declared(node)
                name = named.get("_name")
                if name and name not in named.get("_inherit", ()):
                    models[name[0]] = addon
                for attribute in named.get("assigned", ()):
                    methods[attribute].add(addon)
    return models, methods


def _declared(node):
    """Return what a class says of itself: ``_name`` and ``_inherit`` as tuples of names."""
    found = {"assigned": []}
    for line in node.body:
        if not isinstance(line, ast.Assign) or not isinstance(line.targets[0], ast.Name):
            continue
        name = line.targets[0].id
        found["assigned"].append(name)
        if name in ("_name", "_inherit"):
            texts = [part.value for part in ast.walk(line.value) if isinstance(part, ast.Constant)]
            found[name] = tuple(texts)
    if found.get("_name") and found["_name"][0] in found.get("_inherit", ()):
        del found["_name"]
    return found


def _reached(path, tree, models, methods, ids):
    """Yield ``(kind, name, addons that have it)`` for all that a file names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from _imported(path, node)
        elif isinstance(node, ast.ClassDef):
            named = _declared(node)
            for name in named.get("_inherit", ()):
                if name in models:
                    yield "inherit", name, {models[name]}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in models:
                yield "model", node.value, {models[node.value]}
            yield "xmlid", node.value, ids.get(node.value, set())
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if re.match(r"_[a-z]", name) and name in methods and name not in OF_ODOO:
                yield "call", name, methods[name]


def _imported(path, node):
    """Yield what an import reaches, as :func:`_reached`."""
    if node.level:
        folder = path.parents[node.level - 1]
    elif (node.module or "").startswith("odoo.addons."):
        folder = ROOT
    else:
        return
    module = (node.module or "").removeprefix("odoo.addons.")
    base = folder.joinpath(*filter(None, module.split(".")))
    if path.name == "__init__.py":
        return  # the house as it stands; its files are looked at one by one
    for alias in node.names:
        for target in (base.with_suffix(".py"), base / f"{alias.name}.py"):
            if target.is_file():
                name = target.relative_to(ROOT).as_posix()
                yield "import", name, {addon_of(target)}


def _xml_ids():
    """Return ``{full XML id: addons}``."""
    found = defaultdict(set)
    for path in _files("xml"):
        for name in XML_IDS.findall(path.read_text(encoding="utf-8")):
            found[_full(name, path)].add(addon_of(path))
    return found


def _full(name, path):
    name = name.removeprefix("%(").removesuffix(")d")
    return name if "." in name else f"{path.relative_to(ROOT).parts[0]}.{name}"
