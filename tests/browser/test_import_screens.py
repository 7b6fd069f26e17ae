"""A history is imported and exported in a browser: choose, check, read the report, import."""

import gzip
import json

import pytest
from support.languages import LANGUAGES

WORDS = {
    "en_US": {
        "bad": "Some rows cannot be imported",
        "line": "Monthly price must be at least 0",
        "good": "Every row can be imported",
        "done": "Every event of the file is stored",
        "slip": "No handler here for 2 events of “rentall”",
        "meant": "Did you mean “rental”?",
        "unnamed": "“/” stands for a record that has no reference yet",
    },
    "ja_JP": {
        "bad": "インポートできない行があります",
        "line": "月額",
        "good": "すべての行をインポートできます",
        "done": "ファイルのすべてのイベントが保存されています",
        "slip": "「rentall」のイベント 2 件に対応するハンドラーがありません",
        "meant": "「rental」ではありませんか。",
        "unnamed": "番号がまだないレコード",
    },
}
HEAD = "model_name,aggregate_id,event_type,timestamp,payload.monthly_price,payload.planned_start\n"


def wait_for_end(someone, state="done"):
    """Wait until the job's form shows what came of it."""
    page = someone.page
    # All events of the database go out and come in again: that takes a while.
    done = f".o_form_view [name=state] [aria-checked=true][data-value={state}]"
    page.wait_for_selector(done, timeout=120_000)
    someone.settle()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_file_is_checked_corrected_and_imported(person, server, tmp_path, lang):
    words = WORDS[lang]
    _uid, call = server.login("admin", "admin")
    keys = [f"IMP-{lang}-{number}" for number in (1, 2)]
    plan = "rental,{},RentalPlanned,2026/1/31 9:30,{},2026-02-01\n"
    someone = person(lang=lang)
    page = someone.page

    def choose(name, *prices, model_name="rental"):
        file = tmp_path / name
        text = HEAD + "".join(
            plan.format(key, price) for key, price in zip(keys, prices, strict=True)
        )
        file.write_bytes(text.replace("rental,", f"{model_name},").encode("cp932"))
        someone.leave()  # the form of the last job would pass for that of the next
        someone.open("event_sourcing_transfer.event_import_action")
        page.locator(".modal input[type=file]").set_input_files(file)
        someone.settle()

    choose("bad.csv", 48000, -1)
    someone.shot("chosen")
    page.click(".modal-footer button[name=action_check]")
    wait_for_end(someone)
    assert page.locator(".alert-warning:visible", has_text=words["bad"]).count() == 1
    row = page.locator("[name=refusal_ids] .o_data_row")
    assert row.count() == 1
    assert row.locator("[name=line]").inner_text() == "3"
    assert words["line"] in row.inner_text()
    someone.shot("refused")
    assert not page.locator("button[name=action_import_checked]:visible").count()
    assert not call("event.store", "search_count", [["aggregate_id", "in", keys]])

    choose("slip.csv", 48000, 1250, model_name="rentall")
    page.click(".modal-footer button[name=action_check]")
    wait_for_end(someone)
    warning = page.locator(".alert-warning:visible", has_text=words["slip"])
    assert words["meant"] in warning.inner_text()
    someone.shot("slip")

    choose("good.csv", 48000, 1250)
    page.click(".modal-footer button[name=action_check]")
    wait_for_end(someone)
    assert page.locator(".alert-success:visible", has_text=words["good"]).count() == 1
    assert not page.locator("[name=unhandled_text]:visible").count()
    assert page.locator("[name=storable_count]:visible").inner_text() == "2"
    assert not page.locator("[name=stored_count]:visible").count()
    assert not call("event.store", "search_count", [["aggregate_id", "in", keys]])
    someone.shot("checked")
    page.click("button[name=action_import_checked]")
    page.locator(".alert-success:visible", has_text=words["done"]).wait_for()
    someone.settle()
    someone.shot("imported")
    assert page.locator("[name=stored_count]:visible").inner_text() == "2"
    rows = call(
        "rental.snapshot",
        "search_read",
        [["aggregate_id", "in", keys]],
        ["aggregate_id", "monthly_price", "planned_start"],
    )
    found = {row["aggregate_id"]: (row["monthly_price"], row["planned_start"]) for row in rows}
    assert found == {keys[0]: (48000, "2026-02-01"), keys[1]: (1250, "2026-02-01")}
    # Each has its rental, as has what comes over RPC; what can have none is refused.
    payload = {"monthly_price": 70, "planned_start": "2026-02-01"}
    over_rpc = ("rental", f"IMP-{lang}-RPC", "RentalPlanned", payload)
    call("event.store", "append", *over_rpc, timestamp="2026-01-31 09:30:00")
    someone.open("rental_event_sourcing.rental_order_action")
    page.locator(".o_switch_view.o_list").click()
    page.wait_for_selector(".o_list_view")
    someone.settle()
    someone.search(f"IMP-{lang}")
    someone.settle()
    someone.shot("rentals")
    for name in (*keys, over_rpc[1]):
        assert page.locator(".o_data_row", has_text=name).count() == 1
    page.locator(".o_data_row", has_text=keys[0]).locator("[name=name]").click()
    page.wait_for_selector(".o_event_timeline_entry")
    someone.settle()
    someone.shot("rental")
    keys[0] = "/"
    choose("unnamed.csv", 1, 2)
    page.click(".modal-footer button[name=action_import]")
    wait_for_end(someone, "failed")
    page.locator("[name=refusal_ids] .o_data_row", has_text=words["unnamed"]).wait_for()
    someone.shot("unnamed")
    domain = [["aggregate_id", "=", "/"], ["outcome", "=", "applied"]]
    assert not call("event.store", "search_count", domain)


@pytest.mark.parametrize("lang", LANGUAGES[-1:])  # the wider words; others show the rest
def test_a_period_is_exported_and_downloaded(person, server, tmp_path, lang):
    _uid, call = server.login("admin", "admin")
    call("event.store", "append", "rental", f"EXP-{lang}", "DemoStarted", {})
    someone = person(lang=lang)
    page = someone.page
    someone.open("event_sourcing_transfer.event_export_action")
    someone.shot("asked")
    page.click(".modal-footer button[name=action_export]")
    wait_for_end(someone)
    someone.shot("exported")
    with page.expect_download() as download:
        page.click("button[name=action_download]")
    file = tmp_path / "events.jsonl.gz"
    download.value.save_as(file)
    assert download.value.suggested_filename == "events.jsonl.gz"
    with gzip.open(file, "rt", encoding="utf-8") as unpacked:
        lines = [json.loads(line) for line in unpacked]
    assert lines[0]["event_sourcing_export"] == 1
    assert lines[-1]["event_sourcing_end"] == len(lines) - 2
    assert f"EXP-{lang}" in {line.get("aggregate_id") for line in lines}
    # The same file again: all is there. The form of the export would pass for that of the import.
    someone.leave()
    someone.open("event_sourcing_transfer.event_import_action")
    page.locator(".modal input[type=file]").set_input_files(file)
    someone.settle()
    page.click(".modal-footer button[name=action_import]")
    wait_for_end(someone)
    someone.shot("known")
    text = page.locator("[name=known_count]:visible").inner_text()
    assert int(text.replace(",", "")) == len(lines) - 2
    someone.open("event_sourcing_transfer.event_transfer_action")
    page.wait_for_selector(".o_list_view .o_data_row")
    someone.settle()
    someone.shot("list")
    # A list of its own: no button of the other jobs, but the files.
    assert not page.locator("button[name=action_check_all]").count()
    assert page.locator("button[name=action_download]:visible").count()
