"""The ten lines of XML-RPC in the README, run as they stand against a real server."""

import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_lines_of_the_readme(odoo_server, capsys):
    server = odoo_server()
    uid, call = server.login("admin", "admin")
    call("res.users", "write", [uid], {"lang": "en_US"})
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    (example,) = [block for block in blocks if "import xmlrpc.client" in block]
    assert len(example.strip().splitlines()) <= 12
    assert '"http://localhost:8069", "demo17"' in example
    example = example.replace(
        '"http://localhost:8069", "demo17"', f'"{server.url}", "{server.database}"'
    )
    for _time in range(2):  # the first call may be repeated safely
        exec(compile(example, "README.md", "exec"), {})
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("rejected The equipment of a rental in a demo cannot be delivered.")
    assert told[1] == '{"status":"draft"}'
    stream = call("event.store", "read_stream", "rental", "R90001")
    assert [event["event_type"] for event in stream] == ["DemoStarted"] + ["EquipmentDelivered"] * 2
