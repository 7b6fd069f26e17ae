"""What Docker gets: settings that Odoo knows, and no secrets."""

import configparser
import re

import pytest
import yaml

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


@pytest.mark.parametrize("name", ["nats", "rabbitmq"])
def test_a_server_to_try_destinations_with_is_there_when_it_is_asked_for(name):
    compose = yaml.safe_load(read("docker-compose.yml"))
    service = compose["services"][name]
    assert service["profiles"] == [name]
    (port,) = service["ports"]
    ours, inside = re.fullmatch(r"127\.0\.0\.1:\$\{\w+:-(\d+)\}:(\d+)", port).groups()
    assert ours == inside
    (volume,) = service["volumes"]
    assert volume.split(":")[0] in compose["volumes"]
    page = read("docs/delivery.md")
    assert f"docker compose --profile {name} up" in page
    (address,) = re.findall(rf"`(\w+://{name}(?::\d+)?)`", page)
    assert address in (f"nats://nats:{inside}", "amqp://rabbitmq")


def test_rabbitmq_has_the_user_that_the_example_names():
    service = yaml.safe_load(read("docker-compose.yml"))["services"]["rabbitmq"]
    assert service["environment"] == {
        "RABBITMQ_DEFAULT_USER": "${RABBITMQ_USER:-odoo}",
        "RABBITMQ_DEFAULT_PASS": "${RABBITMQ_PASSWORD:-}",
    }
    for name in ("RABBITMQ_USER", "RABBITMQ_PASSWORD"):
        assert f"{name}=" in read(".env.example")
        assert name in read("docs/delivery.md")
