/** @odoo-module **/

import { Component, onWillUpdateProps } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const INPUTS = { date: "date", datetime: "datetime-local" };

/**
 * One input for each value that an event takes. Which ones says the field
 * `payload_form` of the same record; what was typed is kept as text by key, and the
 * server turns it into numbers, dates and so on, or says what is wrong with it.
 */
export class PayloadForm extends Component {
    static template = "event_sourcing.PayloadForm";
    static components = { RecordSelector };
    static props = { ...standardFieldProps };

    setup() {
        // Kept here as well: the record takes a change only after the one before it.
        this.values = { ...this.props.record.data[this.props.name] };
        onWillUpdateProps((next) => {
            if (next.record.id !== this.props.record.id) {
                this.values = { ...next.record.data[next.name] };
            }
        });
    }

    get inputs() {
        return this.props.record.data.payload_form || [];
    }

    value(key) {
        return this.values[key] || "";
    }

    inputType(input) {
        return INPUTS[input.kind] || "text";
    }

    inputMode(input) {
        return { integer: "numeric", number: "decimal" }[input.kind] || "text";
    }

    update(key, value) {
        this.values[key] = value ? String(value) : "";
        return this.props.record.update({ [this.props.name]: { ...this.values } });
    }
}

registry.category("fields").add("event_payload_form", {
    component: PayloadForm,
    displayName: _t("Payload Form"),
    supportedTypes: ["json", "jsonb"],
});
