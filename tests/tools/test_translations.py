"""Every string that Odoo shows of the addons has a Japanese one."""

import ast
import inspect
import io
import os
import re

import polib
import pytest

from tools.layout import ADDONS, ROOT, SILENT

# What a rental clerk would not say, and what is said otherwise now.
GONE = re.compile(
    r"Misoperation|Refus(ed|als)\b|Vanished|Appeared|Drifts|[Ff]ound out|Code Place"
    r"|Seconds Worked"
    r"|Rental Until|Reason of |Asked On|What It Says|Stored otherwise|Technical Fault"
    r"|technical fault|[Ss]ystem error|Verification Says|As the rows say|Go on\?|needs nobody"
    r"|[Aa]ppl(y|ied) (it |them )?[Aa]gain|Cannot [Bb]e [Ff]olded|put the dates in order"
    r"|lies before|once and for ever|past all protection|unknown people|what is the same"
    r"|is no date and time|is no day;|\(%\((name|key)\)s\)|recorded: %"
)
# Of these, developers' screens and sentences for developers keep the words of the field.
FIELD = re.compile(r"\b([Aa]ggregates?|[Ss]treams?|[Ff]old(s|ed)?)\b")
FOR_DEVELOPERS = re.compile(r"handler|job_partition|checkpoint|event_job\.py|__rules$")
# One word each in Japanese.
GONE_IN_JAPANESE = re.compile(
    r"取消|規則|ユーザ(?!ー)|ハンドラ(?!ー)|サーバ(?!ー)|損傷の報告|納品|損傷の費用|見積修理費"
    r"|集約|畳み込|ストリーム|技術的障害|（[a-z_]+）|（%\((name|key)\)s）"
)
JAPANESE = re.compile("[぀-ヿ一-鿿]")
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|<[^>]+>|\{[^}]*\}")
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)


@pytest.fixture(scope="module")
def env():
    """An Odoo on the test database, which keeps nothing."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    with Registry(os.environ["ES_DB"]).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})
        cr.rollback()


@pytest.fixture(params=[name for name in ADDONS if name != SILENT])
def addon(request):
    return request.param


def exported(env, addon):
    """Return the strings that Odoo finds in an addon, as ``make i18n`` gets them."""
    from odoo.tools.translate import trans_export

    buffer = io.BytesIO()
    last = list(inspect.signature(trans_export).parameters)[-1]  # cr on 17.0, env on 19.0
    trans_export(False, [addon], buffer, "po", env.cr if last == "cr" else env)
    return {entry.msgid for entry in polib.pofile(buffer.getvalue().decode())}


def test_nothing_is_missing(env, addon):
    strings = exported(env, addon)
    assert strings
    known = {entry.msgid for entry in polib.pofile(ROOT / addon / "i18n" / "ja.po") if entry.msgstr}
    # What Odoo 19 finds of every model, Odoo 17 of those with a table.
    assert sorted(strings - known - {"Display Name", "ID"}) == []


def entries(addon):
    """Return all sentences and labels, in English and Japanese, and where they stand."""
    return polib.pofile(ROOT / addon / "i18n" / "ja.po")


def test_no_word_stands_on_a_screen_that_people_do_not_use(addon):
    assert [entry.msgid for entry in entries(addon) if GONE.search(entry.msgid)] == []


def test_developers_alone_read_of_aggregates_and_streams(addon):
    lost = []
    for entry in entries(addon):
        where = [place for place, _line in entry.occurrences]
        text = PLACEHOLDER.sub("", entry.msgid)
        if FIELD.search(text) and not all(map(FOR_DEVELOPERS.search, where)):
            lost.append((entry.msgid, where))
    assert lost == []


def test_one_japanese_word_for_one_thing(addon):
    lost = [entry.msgstr for entry in entries(addon) if GONE_IN_JAPANESE.search(entry.msgstr)]
    assert lost == []


def test_japanese_text_has_no_half_width_brackets(addon):
    lost = []
    for entry in entries(addon):
        text = PLACEHOLDER.sub("", entry.msgstr)
        if JAPANESE.search(text) and re.search(r"[()]", text):
            lost.append(entry.msgstr)
    assert lost == []


def test_strings_are_translated_where_their_language_is_known():
    """Odoo finds the language in the variables of whoever calls ``_()``.

    A comprehension has variables of its own: what it does not name, self among them, is
    not there, and the string stays English outside a request.
    """
    lost = []
    for path in (path for addon in ADDONS for path in (ROOT / addon).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, COMPREHENSIONS):
                continue
            names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            if "_" in names and "self" not in names and _translates(node):
                lost.append(f"{path.name}:{node.lineno}")
    assert not lost


def test_every_file_can_be_searched_for_strings():
    """Odoo 17 leaves out a whole file, with a line in its log, when Babel stops in it.

    Babel does so at an f-string among the arguments of ``_()``.
    """
    unread = []
    for path in (path for addon in ADDONS for path in (ROOT / addon).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and _translates(node)):
                continue
            parts = ast.walk(node) if getattr(node.func, "id", "") in ("_", "_lt") else ()
            unread += [f"{path.name}:{p.lineno}" for p in parts if isinstance(p, ast.JoinedStr)]
    assert unread == []


def _translates(node):
    return any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "_"
        for part in ast.walk(node)
    )


def test_strings_of_code_are_marked_for_both_series(addon):
    """19.0 takes only those whose comment says of which code they are."""
    unmarked = [
        entry.msgid
        for entry in polib.pofile(ROOT / addon / "i18n" / "ja.po")
        for place, _line in entry.occurrences
        if place.startswith("code:")
        and f"odoo-{'javascript' if '/static/' in place else 'python'}" not in entry.comment
    ]
    assert unmarked == []
