/** @odoo-module **/

import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * A stored JSON document, read-only. The server says how to read it: it knows the
 * labels, the user's language and time zone, and numbers that JavaScript would round.
 */
class DocumentField extends Component {
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ rows: [], text: "" });
        useRecordObserver((record) => this.describe(record));
    }

    async describe(record) {
        const { resModel, resId } = record;
        const document = record.data[this.props.name];
        if (!resId) {
            this.state.rows = [];
            this.state.text = document ? JSON.stringify(document, null, 2) : "";
            return;
        }
        const described = await this.orm.call(
            "event.document",
            "describe",
            [resModel, resId, this.props.name],
            { context: { tz: luxon.DateTime.local().zoneName } } // as other fields show time
        );
        Object.assign(this.state, described);
    }
}

/** Key and value, a row each. */
export class EventPayloadField extends DocumentField {
    static template = "event_sourcing_history.EventPayloadField";
}

/** Indented JSON; as text, so that nothing in it can become markup. */
export class EventJsonField extends DocumentField {
    static template = "event_sourcing_history.EventJsonField";
}

registry.category("fields").add("event_payload", {
    component: EventPayloadField,
    displayName: _t("Document as Rows"),
    supportedTypes: ["json", "jsonb"],
});
registry.category("fields").add("event_json", {
    component: EventJsonField,
    displayName: _t("Document as JSON"),
    supportedTypes: ["json", "jsonb"],
});
