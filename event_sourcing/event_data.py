"""What a handler is given: an event as a value, the same live and in replay."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .canonical_json import reordered
from .zones import local_date


@dataclass(frozen=True, slots=True)
class EventData:
    """One event of a stream, detached from the database.

    :ivar payload: a JSON object; keys in sorted order
    :ivar timestamp: when it happened, UTC without zone, whole seconds
    :ivar user_id: the ``res.users`` id of who recorded it
    :ivar timezone: IANA name of the time zone in which its business day counts
    """

    model_name: str
    aggregate_id: str
    event_type: str
    payload: dict[str, Any]
    version: int
    timestamp: datetime
    schema_version: int = 1
    event_uuid: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    company_id: int = 0
    user_id: int = 0
    timezone: str = "UTC"

    @property
    def business_date(self):
        """The day on which it happened, where it happened: a date.

        Take this where a day follows from the moment; ``timestamp.date()`` is UTC's day.
        """
        return local_date(self.timestamp, self.timezone)

    @property
    def key(self):
        """Its stream among those of its aggregate type: ``(company id, aggregate id)``."""
        return self.company_id, self.aggregate_id

    @classmethod
    def from_record(cls, record):
        """Return the value of one ``event.store`` record."""
        return cls(
            model_name=record.model_name,
            aggregate_id=record.aggregate_id,
            event_type=record.event_type,
            payload=reordered(record.payload),
            version=record.version,
            timestamp=record.timestamp.replace(microsecond=0),
            schema_version=record.schema_version,
            event_uuid=record.event_uuid,
            correlation_id=record.correlation_id or "",
            causation_id=record.causation_id or "",
            company_id=record.company_id.id,
            user_id=record.create_uid.id,
            timezone=record.timezone or "UTC",
        )

    @classmethod
    def from_vals(cls, vals, user_id):
        """Return the value of an event that is about to be stored.

        :param dict vals: complete and clean
        :param int user_id: who records it
        """
        return cls(
            vals["model_name"],
            vals["aggregate_id"],
            vals["event_type"],
            vals["payload"],
            vals["version"],
            vals["timestamp"],
            vals["schema_version"],
            vals["event_uuid"],
            vals["correlation_id"] or "",
            vals["causation_id"] or "",
            vals["company_id"],
            user_id,
            vals["timezone"],
        )

    @classmethod
    def from_row(cls, row, payload):
        """Return the value of a database row: its columns in the order of the fields here.

        :param tuple row: a moment in whole seconds, and no empty column; the payload in
            any form
        :param dict payload: as ``jsonb`` gives it back
        """
        return cls(row[0], row[1], row[2], reordered(payload), *row[4:13])
