/** @odoo-module **/

import { Component, useState } from "@odoo/owl";
import { serializeDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const NOTHING = { message: "", then: "", now: "", rows: [], events: [] };

/** One aggregate then and now, and the events in between; the server finds the words. */
export class EventComparison extends Component {
    static template = "event_sourcing_history.EventComparison";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ ...NOTHING, all: false });
        this.question = 0;
        useRecordObserver((record) => this.compare(record));
    }

    async compare(record) {
        const { model_name, aggregate_id, company_id, by, version, moment } = record.data;
        const number = ++this.question;
        if (by === "moment" && !moment) {
            Object.assign(this.state, NOTHING);
            return;
        }
        const answer = await this.orm.call(
            "event.document",
            "compare",
            [
                model_name,
                aggregate_id,
                by === "version" ? version : false,
                by === "moment" ? serializeDateTime(moment) : false,
            ],
            {
                company_id: Array.isArray(company_id) ? company_id[0] : company_id?.id || false,
                context: { tz: luxon.DateTime.local().zoneName },
            }
        );
        if (number === this.question) {
            Object.assign(this.state, answer); // and not of a question asked before
        }
    }

    get rows() {
        return this.state.rows.filter((row) => this.state.all || row.changed);
    }
}

registry.category("view_widgets").add("event_comparison", { component: EventComparison });
