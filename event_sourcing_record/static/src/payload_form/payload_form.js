/** @odoo-module **/

import { Component, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { PayloadInput } from "./payload_input";

/**
 * One input for each value that an event takes. Which ones says the field
 * `payload_form` of the same record; what was typed is kept as text by key, and the
 * server turns it into numbers, dates and so on, or says what is wrong with it.
 */
export class PayloadForm extends Component {
    static template = "event_sourcing_record.PayloadForm";
    static components = { PayloadInput };
    static props = { ...standardFieldProps };

    setup() {
        // Kept here as well: the record takes a change only after the one before it.
        this.state = useState({ values: { ...this.props.record.data[this.props.name] } });
        onWillUpdateProps((next) => {
            if (next.record.id !== this.props.record.id) {
                this.state.values = { ...next.record.data[next.name] };
            }
        });
    }

    get inputs() {
        return this.props.record.data.payload_form || [];
    }

    update(key, value) {
        this.state.values[key] = value;
        return this.props.record.update({ [this.props.name]: { ...this.state.values } });
    }
}

registry.category("fields").add("event_payload_form", {
    component: PayloadForm,
    displayName: _t("Payload Form"),
    supportedTypes: ["json", "jsonb"],
});
