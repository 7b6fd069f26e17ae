"""The context of a call is its caller's: what the addons read of it must be harmless.

All keys that any addon reads are found in its code. A new one has to be judged: whether it
changes rights, names, times or checks, or lets a file be read. Such a one goes through
``from_code`` (see ``event_sourcing_base/from_code.py``), which no caller can send.
"""

import ast
from pathlib import Path

from odoo.modules.module import get_module_path

from odoo.addons.event_sourcing_base.from_code import FromCode, from_code, without_defaults
from odoo.addons.test_event_sourcing.common import JobCase, make_user

from tools.layout import ADDONS

HARMLESS = {
    "lang": "in which language it is said; unknown ones are taken for English",
    "tz": "how a moment is shown or read; the moment that was meant is stored as UTC",
    "default_model_name": "what the form of a question suggests",
    "aggregate_label": "what the list of choices of a form calls the types",
    "default_event_type": "which event a dialog records: possible or refused as any other",
    "default_amount": "which amount a dialog proposes",
    "active_id": "from which record a dialog was opened; it is asked for access",
    "active_model": "from which list a wizard was opened; its records are asked for access",
    "active_ids": "which records were chosen there; each is asked for access",
}


def is_context(node):
    return (isinstance(node, ast.Attribute) and node.attr in ("context", "_context")) or (
        isinstance(node, ast.Name) and node.id == "context"
    )


def keys_read(tree):
    """Yield ``(line, key)`` of all that is read out of a context; None for a computed key."""
    for node in ast.walk(tree):
        key = None
        if isinstance(node, ast.Subscript) and is_context(node.value):
            key = node.slice
        elif isinstance(node, ast.Compare) and any(map(is_context, node.comparators)):
            if not isinstance(node.ops[0], ast.In | ast.NotIn):
                continue
            key = node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if not is_context(node.func.value) or node.func.attr == "items":
                continue
            key = node.args[0] if node.args else node
        if key is not None:
            yield node.lineno, key.value if isinstance(key, ast.Constant) else None


def code_of_addons():
    for addon in ADDONS:
        folder = Path(get_module_path(addon))
        for path in sorted(folder.rglob("*.py")):
            if "tests" not in path.relative_to(folder).parts:
                yield path, ast.parse(path.read_text())


class TestContextKeys(JobCase):
    def test_every_key_that_is_read_is_known_to_be_harmless(self):
        found, seen = [], set()
        for path, tree in code_of_addons():
            if path.name == "from_code.py":
                continue
            for line, key in keys_read(tree):
                seen.add(key)
                if key not in HARMLESS:
                    found.append(f"{path.name}:{line} reads {key!r}")
        self.assertFalse(found, "use from_code, or say why it is harmless:\n" + "\n".join(found))
        self.assertEqual(seen, set(HARMLESS), "is not read any more")

    def test_what_counts_as_reading_a_key(self):
        code = 'env.context.get("a"); env.context["b"]; "c" in env.context; context.pop(x)'
        self.assertEqual([key for _line, key in keys_read(ast.parse(code))].count(None), 1)
        self.assertLessEqual({"a", "b", "c"}, {key for _line, key in keys_read(ast.parse(code))})

    def test_no_value_that_a_caller_can_send_is_from_code(self):
        for sent in (True, 1, "FromCode(True)", [True], {"value": True}):
            env = self.env(context={"event_archive": sent})
            self.assertIsNone(from_code(env, "event_archive"))
        env = self.env(context={"event_archive": FromCode(True)})
        self.assertIs(from_code(env, "event_archive"), True)

    def test_a_caller_gives_no_new_record_its_values(self):
        self.assertEqual(without_defaults({"default_state": "done", "lang": "x"}), {"lang": "x"})
        manager = make_user(self.env, "defaults", "manager")
        sent = {"default_state": "done", "default_done": 7, "default_changed_count": 0}
        sent |= {"default_message": "All seals agree.", "default_file_path": "/etc/passwd"}
        jobs = self.jobs.with_user(manager).with_context(**sent)
        job = jobs.browse(jobs.start("check", "counter")["id"]).sudo()
        self.assertEqual((job.state, job.done, job.message), ("waiting", 0, False))
        self.assertFalse(job.file_path)

    def test_a_caller_does_not_choose_his_share_of_a_job(self):
        job = self.jobs.browse(self.jobs.start("check", "counter")["id"]).sudo()
        share = job.env["event.job.partition"].create({"job_id": job.id, "position": 0, "until": 0})
        self.assertEqual(job.with_context(event_job_partition=share.id)._cursor_record(), job)
        self.assertEqual(
            job.with_context(event_job_partition=FromCode(share.id))._cursor_record(), share
        )
