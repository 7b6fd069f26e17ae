/** @odoo-module **/

import { Component } from "@odoo/owl";
import { deserializeDateTime, serializeDateTime } from "@web/core/l10n/dates";
import { RecordSelector } from "@web/core/record_selectors/record_selector";

const TYPES = { date: "date", datetime: "datetime-local" };
const MODES = { integer: "numeric", number: "decimal" };

/**
 * The input for one value. A component of its own, so that an answer of the server
 * about one value does not wipe out what is being typed into the next.
 */
export class PayloadInput extends Component {
    static template = "event_sourcing_record.PayloadInput";
    static components = { RecordSelector };
    static props = {
        id: String,
        name: String,
        kind: String,
        model: { type: [String, Boolean], optional: true },
        value: String,
        update: Function,
    };

    get type() {
        return TYPES[this.props.kind] || "text";
    }

    get inputMode() {
        return MODES[this.props.kind] || "text";
    }

    get recordId() {
        return Number(this.props.value) || false;
    }

    /** A moment is kept in UTC and shown in the user's time zone, as in other fields. */
    get shown() {
        const { kind, value } = this.props;
        if (kind !== "datetime" || !value) {
            return value;
        }
        return deserializeDateTime(value).toFormat("yyyy-MM-dd'T'HH:mm");
    }

    onChange(text) {
        if (this.props.kind === "datetime" && text) {
            text = serializeDateTime(luxon.DateTime.fromISO(text));
        }
        this.props.update(this.props.name, text);
    }

    onRecord(id) {
        this.props.update(this.props.name, id ? String(id) : "");
    }
}
