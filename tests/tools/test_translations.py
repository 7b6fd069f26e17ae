"""Every string that Odoo shows of the addons has a Japanese one."""

import inspect
import io
import os

import polib
import pytest

from tools.layout import ADDONS, ROOT


@pytest.fixture(scope="module")
def env():
    """An Odoo on the test database, which keeps nothing."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    with Registry(os.environ["ES_DB"]).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})
        cr.rollback()


@pytest.fixture(params=ADDONS)
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
    assert len(strings) > 20
    known = {entry.msgid for entry in polib.pofile(ROOT / addon / "i18n" / "ja.po") if entry.msgstr}
    assert sorted(strings - known) == []
