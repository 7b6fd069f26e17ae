import contextlib
import math
from datetime import date, datetime

from odoo.exceptions import UserError

from odoo.addons.test_event_sourcing.common import EventCase

BASE = {"model_name": "counter", "aggregate_id": "C1", "event_type": "Added"}


def nested(levels):
    value = {}
    for _level in range(levels - 1):
        value = {"in": value}
    return value


class TestBadInput(EventCase):
    """Every refusal is one sentence, and nothing is stored by it."""

    def refuse(self, pattern, **vals):
        """Append by every way in; each must refuse with one sentence."""
        given = {**BASE, "payload": {"amount": 1}, **vals}
        before, version = self.store.search_count([]), len(self.stream())
        with self.assertRaisesRegex(UserError, pattern) as caught:
            self.store.create([given])
        self.assertNotIn("\n", str(caught.exception))
        if "version" in given:
            given["expected_version"] = given.pop("version")
        with self.assertRaisesRegex(UserError, pattern):
            self.store.append_batch([given])
        self.assertEqual(self.store.search_count([]), before)
        answer = self.store.append(**BASE, payload={"amount": 1})
        self.assertEqual(answer["version"], version + 1)

    def test_payload_that_is_no_object(self):
        for payload in ([], [1], 7, 1.5, True, "no json", "[1]", '"text"', ()):
            with self.subTest(payload=payload), self.env.cr.savepoint():
                with self.assertRaisesRegex(UserError, "must be a JSON object"):
                    self.store.append(**BASE, payload=payload)
        self.refuse("must be a JSON object", payload=[1])

    def test_payload_too_deep(self):
        self.assertEqual(self.store.append("nobody", "N", "Deep", nested(32))["outcome"], "logged")
        self.refuse("nested too deeply", payload=nested(33))

    def test_payload_far_too_deep_for_the_parser(self):
        self.refuse("nested too deeply|must be a JSON object", payload='{"a":' * 50000)

    def test_payload_too_large(self):
        room = 256 * 1024 - len('{"t":""}')
        self.store.append("nobody", "N", "Large", {"t": "x" * room})
        self.refuse("too large: 257 KiB", payload={"t": "x" * (room + 1)})
        self.refuse("too large", payload={"t": "東" * (room // 3 + 1)})

    def test_payload_with_nan_or_infinity(self):
        for number in (math.nan, math.inf, -math.inf):
            with self.subTest(number=number), self.assertRaisesRegex(UserError, "no finite number"):
                self.store.append(**BASE, payload={"amount": number})
        self.refuse("^rows.1.x is no finite number", payload={"rows": [1, {"x": math.nan}]})
        self.refuse("no finite number", payload='{"amount": NaN}')

    def test_payload_with_a_null_character(self):
        self.refuse("note holds a null character", payload={"note": "a\x00b"})
        self.refuse("null character", payload={"a\x00b": 1})

    def test_payload_with_half_a_character(self):
        self.refuse("half a character", payload={"note": "\ud800"})

    def test_payload_with_dates_and_other_objects(self):
        for value in (date(2026, 1, 1), datetime(2026, 1, 1), b"x", {1}, object(), self.env.user):
            with self.subTest(value=value), self.assertRaisesRegex(UserError, "JSON cannot hold"):
                self.store.append(**BASE, payload={"when": value})
        self.refuse("^when is a date, which JSON cannot hold", payload={"when": date(2026, 1, 1)})

    def test_payload_with_a_key_that_is_no_text(self):
        self.refuse("The key 1 in", payload={"a": {1: 2}})

    def test_payload_with_a_number_beyond_reason(self):
        self.refuse("too large for a number", payload={"amount": 10**400})

    def test_payload_as_text_says_what_is_wrong_with_it(self):
        self.refuse("too large for a number", payload=f'{{"amount": {"1" * 5000}}}')
        self.refuse("gives the key amount twice", payload='{"amount": 1, "\\u0061mount": 2}')

    def test_values_of_other_addons_fields(self):
        """They are refused in a sentence, never stored as another value."""
        for name, value in (
            *(("channel", value) for value in ("a\0b", "\ud800", ["a"], {"a": 1}, b"x", 5)),
            *(("desk", "middle"), ("boxes", 2**31), ("boxes", "3"), ("urgent", "false")),
            *(("due_on", "soon"), ("due_on", 5)),
        ):
            with self.subTest(name=name, value=value):
                with self.assertRaisesRegex(UserError, " cannot be .*; give another value"):
                    self.store.create({**BASE, "payload": {"amount": 1}, name: value})
        self.assertFalse(self.stream())

    def test_what_an_event_only_shows_cannot_be_given(self):
        for name in ("payload_json", "display_name", "event_label", "reason", "is_failure"):
            with self.subTest(name=name):
                with self.assertRaisesRegex(UserError, f"An event has no {name}"):
                    self.store.create({**BASE, "payload": {"amount": 1}, name: "x"})
        self.assertFalse(self.stream())

    def test_zero_is_a_value(self):
        """It is no way to say nothing: of the past, another state would be the answer."""
        self.add()
        for given, sentence in (
            ({"timestamp": 0}, "not a valid date and time"),
            ({"version": 0, "timestamp": "2026-01-01"}, "not both"),
            ({"version": 0.0}, "whole number"),
            ({"version": -1}, "whole number"),
        ):
            with self.subTest(given=given), self.assertRaisesRegex(UserError, sentence):
                self.store.state_at("counter", "C1", **given)
        for after in (0.0, -1, "0", ""):
            with self.subTest(after=after), self.assertRaisesRegex(UserError, "whole number"):
                self.store.read_stream("counter", "C1", after_version=after)
        self.assertEqual(self.store.state_at("counter", "C1", version=0)["version"], 0)
        self.assertEqual(len(self.store.read_stream("counter", "C1", after_version=0)), 1)

    def test_identifiers(self):
        for name in ("model_name", "aggregate_id", "event_type"):
            for value in ("", "   ", None, False, [], {}, 1.5):
                with self.subTest(name=name, value=value):
                    with self.assertRaisesRegex(UserError, f"An event needs {name}"):
                        self.store.create({**BASE, name: value})
            self.refuse(f"{name} is too long", **{name: "x" * 129})
            self.refuse("must not begin or end with a space", **{name: " x"})
            self.refuse("control characters", **{name: "a\nb"})
            self.refuse("control characters", **{name: "a\x00b"})
            self.refuse("control characters", **{name: "a\uffff"})  # XML has no spelling for it

    def test_missing_identifiers(self):
        with self.assertRaisesRegex(UserError, "An event needs model_name"):
            self.store.append()
        with self.assertRaisesRegex(UserError, "An event needs model_name"):
            self.store.create({})

    def test_identifiers_in_japanese_and_as_numbers(self):
        answer = self.store.append("counter", "東京-００１", "Added", {"amount": 1})
        self.assertEqual(answer["outcome"], "applied")
        self.store.append("counter", 42, "Added", {"amount": 1})
        self.assertEqual(self.stream("42"), [(1, "applied")])

    def test_versions(self):
        for version in (0, -1, 2**31, "1", 1.0, True):
            with self.subTest(version=version):
                with self.assertRaisesRegex(UserError, "must be a whole number from 1 on"):
                    self.store.create({**BASE, "version": version})
        self.refuse("version must be a whole number from 1 on, not 0", version=0)
        self.refuse("version 99 was expected next", version=99)

    def test_unknown_policy(self):
        with self.assertRaisesRegex(UserError, "policy 'shout' is unknown; use one of record, rej"):
            self.store.append(**BASE, payload={"amount": 1}, policy="shout")
        self.assertFalse(self.stream())

    def test_timestamps(self):
        for value in ("yesterday", "2026-13-01 00:00:00", 5, [], "0000-00-00"):
            with (
                self.subTest(value=value),
                self.assertRaisesRegex(UserError, "not a valid date and time"),
            ):
                self.store.append(**BASE, timestamp=value)
        self.refuse("not a valid date and time", timestamp="yesterday")
        for moment in ("0001-01-01 00:00:00", datetime(9999, 12, 31, 23, 59, 59)):
            self.refuse(
                "not a valid date and time", timestamp=moment
            )  # no screen could group them by week

    def test_unknown_names(self):
        with self.assertRaisesRegex(UserError, "An event has no colour"):
            self.store.create({**BASE, "colour": "red"})
        with self.assertRaisesRegex(UserError, "append does not know colour"):
            self.store.append(**BASE, colour="red")

    def test_what_the_store_decides_cannot_be_given(self):
        for name, value in {
            "outcome": "applied",
            "failed_event_id": 1,
            "error_message": "x",
            "error_class": "x",
            "create_uid": 1,
            "create_date": "2020-01-01",
            "tx": 1,
            "id": 7,
        }.items():
            with (
                self.subTest(name=name),
                self.assertRaisesRegex(UserError, f"{name} cannot be given"),
            ):
                self.store.create({**BASE, name: value})

    def test_nor_by_the_defaults_of_a_context(self):
        store = self.store.with_context(
            default_outcome="logged", default_error_message="forged", default_version=9
        )
        event = store.create({**BASE, "payload": {"amount": 1}})
        self.assertEqual((event.outcome, event.version), ("applied", 1))
        self.assertFalse(event.error_message)

    def test_forged_failure_events(self):
        for name in ("InvalidOperationAttempted", "SystemErrorOccurred"):
            self.refuse("cannot be recorded from outside", event_type=name)

    def test_a_batch_that_is_no_list(self):
        for calls in (None, 5, {"model_name": "counter"}, ["x"], [None]):
            with self.subTest(calls=calls), self.assertRaisesRegex(UserError, "must be a list"):
                self.store.append_batch(calls)

    def test_one_bad_event_stores_none_of_its_batch(self):
        good = {**BASE, "payload": {"amount": 1}}
        with contextlib.suppress(UserError):
            self.store.append_batch([good, {**good, "payload": 5}])
        self.assertFalse(self.stream())

    def test_the_sentence_says_which_event_of_a_batch_is_bad(self):
        good = {**BASE, "payload": {"amount": 1}}
        for bad, sentence in (
            ({**good, "payload": 5}, r"^Event 3 of 3: The payload"),
            ({**good, "payload": {}, "policy": "reject"}, r"^C1, Added: Amount"),
        ):
            with self.assertRaisesRegex(UserError, sentence):
                self.store.append_batch([good, good, bad])
        with self.assertRaisesRegex(UserError, "^The payload"):
            self.store.append(**{**good, "payload": 5})

    def test_the_sentence_is_in_the_users_language(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.env.user.lang = "ja_JP"
        with self.assertRaises(UserError) as caught:
            self.store.with_context(lang=None).append(**BASE, payload=[1])
        self.assertRegex(str(caught.exception), "[ぁ-ん]")


class TestNormalForm(EventCase):
    def test_a_payload_is_the_same_before_and_after_it_was_stored(self):
        payload = {
            "b": 1e22,
            "a": -0.0,
            "c": (1, 2.50, 1e-7, 1e300, 123456789012345678901234567890),
            "東京": {"z": None, "aa": True, "b": "\u2028"},
        }
        event = self.store.create(
            {"model_name": "nobody", "aggregate_id": "N", "event_type": "E", "payload": payload}
        )
        from odoo.addons.event_sourcing.event import EventData
        from odoo.addons.event_sourcing_base.canonical_json import normalise

        live = repr(normalise(payload))  # what the handler is given by an append
        self.assertEqual(repr(EventData.from_record(event).payload), live)
