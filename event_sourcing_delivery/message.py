"""What is sent, and what became of it: plain values that threads without a database share."""

import json
from dataclasses import dataclass

from cloudevents.core.formats.json import JSONFormat

DONE = "done"
# The receiver answered, or took it and fell silent: it is about this event.
FAILED = "failed"
# Nobody can be reached, or whoever is wants a pause: it is about the receiver.
UNAVAILABLE = "unavailable"
# The receiver wants nothing any more.
GONE = "gone"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message.

    :ivar str state: ``done``, ``failed``, ``unavailable`` or ``gone``
    :ivar str answer: in a few words what the receiver said, without anything secret
    :ivar float pause: seconds that the receiver asks to wait; 0 where it does not
    :ivar float seconds: how long it took
    """

    state: str
    answer: str = ""
    pause: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it is sent: CloudEvents 1.0 in JSON.

    :ivar str id: UUID of the event; with the source it is what receivers know repeats by
    :ivar str model_name: aggregate type
    :ivar str source: database and company
    :ivar bytes body: the envelope with the payload
    :ivar int event_id: of ``event.store``; 0 for a test
    :ivar tuple line: ``(company id, name)``: messages of one line are sent in order
    :ivar str problem: why it cannot be sent, such as an event that its handler cannot read
    """

    id: str
    model_name: str
    event_type: str
    aggregate_id: str
    source: str
    body: bytes
    event_id: int = 0
    line: tuple = (0, "")
    problem: str = ""

    @property
    def company_id(self):
        """The id of the company that the event is of."""
        return self.line[0]


CONTENT_TYPE = f"{JSONFormat.CONTENT_TYPE}; charset=utf-8"


def envelope(event, source, dataschema=""):
    """Return an event as CloudEvents 1.0 has it, in JSON.

    :param EventData event: in today's names and schema version
    :param str source: URI of the database and the company
    :param str dataschema: URL of the JSON Schema of its payload, where there is one
    :rtype: bytes
    """
    attributes = {
        "id": event.event_uuid,
        "source": source,
        "type": f"{event.model_name}.{event.event_type}",
        "subject": event.aggregate_id,
        "time": f"{event.timestamp.isoformat()}Z",
        "datacontenttype": "application/json",
        "version": event.version,
    }
    optional = {
        "dataschema": dataschema,
        "correlationid": event.correlation_id,
        "causationid": event.causation_id,
    }
    attributes.update((name, value) for name, value in optional.items() if value)
    attributes["specversion"] = "1.0"
    attributes["data"] = event.payload
    return json.dumps(attributes).encode()
