"""What Docker gets: settings that Odoo knows, and no secrets."""

import configparser

from tools.layout import ADDONS, ROOT


def read(name):
    return (ROOT / name).read_text()


def test_odoo_knows_every_option():
    from odoo.tools import config

    parser = configparser.ConfigParser()
    parser.read(ROOT / "odoo.conf")
    options = dict(parser["options"])
    assert options["list_db"] == "False"
    assert options["proxy_mode"] == "True"
    known = set(getattr(config, "options_index", {})) | set(config.options)
    assert set(options) - known == set()


def test_no_secret_is_committed():
    for word in ("password", "passwd"):
        lines = [line for line in read("odoo.conf").splitlines() if not line.startswith(";")]
        assert not [line for line in lines if word in line]
    compose = read("docker-compose.yml")
    assert "${POSTGRES_PASSWORD:?" in compose
    assert "PASSWORD: ${POSTGRES_PASSWORD}" in compose
    assert "/.env" in read(".gitignore").split()


def test_every_variable_of_the_example_is_used():
    compose = read("docker-compose.yml")
    names = [line.split("=")[0] for line in read(".env.example").splitlines() if "=" in line]
    assert "POSTGRES_PASSWORD" in names
    assert [name for name in names if f"${{{name}" not in compose] == []


def test_all_addons_are_mounted_read_only():
    for addon in ADDONS:
        assert f"./{addon}:/mnt/extra-addons/{addon}:ro" in read("docker-compose.yml")
