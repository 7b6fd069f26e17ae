"""The copy of the addons for 19.0: only what differs is changed."""

import xml.etree.ElementTree as ElementTree

import pytest

from tools import port
from tools.layout import ADDONS, ROOT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<tree create="0">', '<list create="0">'),
        ("<tree>", "<list>"),
        ("<tree/>", "<list/>"),
        ("<tree\n  editable='top'>", "<list\n  editable='top'>"),
        ("</tree>", "</list>"),
        ('<xpath expr="//tree/field">', '<xpath expr="//list/field">'),
        ('<xpath expr="/tree">', '<xpath expr="/list">'),
        ("<xpath expr=\"//field[@name='a']/tree\">", "<xpath expr=\"//field[@name='a']/list\">"),
        ("<xpath expr='//tree[1]'>", "<xpath expr='//list[1]'>"),
        ("<treeview>", "<treeview>"),
        ('<field name="tree"/>', '<field name="tree"/>'),
        ("<p>a tree, a/tree/b</p>", "<p>a tree, a/tree/b</p>"),
        ('<xpath expr="//treehouse">', '<xpath expr="//treehouse">'),
    ],
)
def test_a_rule(before, after):
    assert port.port_text(before, ".xml") == after


def test_only_xml_is_changed_and_only_in_the_copy(tmp_path):
    addon = tmp_path / "source" / "addon"
    (addon / "views").mkdir(parents=True)
    (addon / "views" / "views.xml").write_text("<odoo><tree/></odoo>")
    (addon / "code.py").write_text('VIEW = "<tree>"\n')
    port.port_addons([addon], tmp_path / "target")
    assert (tmp_path / "target/addon/views/views.xml").read_text() == "<odoo><list/></odoo>"
    assert (tmp_path / "target/addon/code.py").read_text() == 'VIEW = "<tree>"\n'
    assert (addon / "views" / "views.xml").read_text() == "<odoo><tree/></odoo>"


def test_what_was_removed_does_not_stay_in_the_copy(tmp_path):
    addon = tmp_path / "source" / "addon"
    addon.mkdir(parents=True)
    (addon / "old.py").write_text("")
    port.port_addons([addon], tmp_path / "target")
    (addon / "old.py").unlink()
    port.port_addons([addon], tmp_path / "target")
    assert not (tmp_path / "target/addon/old.py").exists()


def test_no_tree_is_left_in_the_addons(tmp_path):
    port.port_addons([ROOT / name for name in ADDONS], tmp_path)
    files = list(tmp_path.rglob("*.xml"))
    lists = [node for path in files for node in ElementTree.parse(path).iter("list")]
    trees = [node for path in files for node in ElementTree.parse(path).iter("tree")]
    assert len(lists) > 5
    assert not trees


def test_each_purpose_has_its_own_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(port, "RUN", tmp_path)
    assert port.addons_for("17.0", "run") == [ROOT]
    run, test = port.addons_for("19.0", "run"), port.addons_for("19.0", "test")
    assert not set(run) & set(test)
    assert (run[0] / "event_sourcing" / "__manifest__.py").is_file()


def test_a_scheduled_action_says_how_often_in_17_alone():
    text = '<record>\n    <field name="numbercall">-1</field>\n    <field name="x"/>\n</record>'
    assert port.port_text(text, ".xml") == '<record>\n    <field name="x"/>\n</record>'
    ours = [path for name in ADDONS for path in (ROOT / name).rglob("*cron*.xml")]
    assert ours
    for path in ours:
        text = path.read_text()
        assert text.count('name="numbercall">-1<') == text.count('model="ir.cron"')
        assert "numbercall" not in port.port_text(text, ".xml")
