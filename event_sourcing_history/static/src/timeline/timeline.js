/** @odoo-module **/

import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const KINDS = ["applied", "rejected", "failed", "logged"];

/**
 * The history of the form's record, newest first. The server finds the words; this
 * shows them as text, so that nothing in a reason can become markup.
 */
export class EventTimeline extends Component {
    static template = "event_sourcing_history.EventTimeline";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.labels = {
            applied: _t("Applied"),
            rejected: _t("Rejected"),
            failed: _t("Failures"),
            logged: _t("Logged"),
        };
        const asked = this.props.record.context?.timeline_kinds || [];
        this.state = useState({
            entries: [],
            more: false,
            counts: {},
            kinds: KINDS.filter((kind) => asked.includes(kind)),
            ready: false,
            busy: false,
            forbidden: false,
        });
        this.question = 0;
        useRecordObserver((record) => {
            // Whatever is recorded changes one of these, and the timeline follows; the form
            // does not wait for it.
            this.recorded = record.data.event_count || record.data.version;
            this.load(record);
        });
    }

    get filters() {
        return KINDS.filter((kind) => this.state.counts[kind] || this.state.kinds.includes(kind));
    }

    /** Entries under their days, in the order in which they came. */
    get days() {
        const days = [];
        for (const entry of this.state.entries) {
            if (!days.length || days[days.length - 1].day !== entry.day) {
                days.push({ day: entry.day, key: entry.id, entries: [] });
            }
            days[days.length - 1].entries.push(entry);
        }
        return days;
    }

    async load(record) {
        const number = ++this.question;
        let page = { entries: [], more: false, counts: {}, forbidden: false };
        if (this.resId !== record.resId) {
            this.resId = record.resId; // of what is shown
            Object.assign(this.state, { ...page, ready: !record.resId });
        }
        if (!record.resId) {
            return;
        }
        try {
            page = { ...page, ...(await this.ask(record, false)) };
        } catch (error) {
            // The form is still of use to somebody who may not see its history.
            if (error.exceptionName !== "odoo.exceptions.AccessError") {
                throw error;
            }
            page.forbidden = true;
        }
        if (number === this.question) {
            Object.assign(this.state, { ...page, ready: true });
        }
    }

    async loadMore() {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        const number = this.question;
        const page = await this.ask(this.props.record, this.state.more);
        this.state.busy = false;
        if (number === this.question) {
            this.state.entries.push(...page.entries);
            this.state.more = page.more;
        }
    }

    ask(record, before) {
        const args = [record.resModel, record.resId, this.state.kinds, before];
        const context = { tz: luxon.DateTime.local().zoneName }; // as other fields show time
        return this.orm.call("event.timeline", "page", args, { context });
    }

    show(kind) {
        this.state.kinds = kind ? [kind] : [];
        return this.load(this.props.record);
    }

    async asOfHere(entry) {
        const action = await this.orm.call("event.store", "action_view_as_of", [[entry.id]]);
        this.action.doAction(action);
    }

    open(entry) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "event.store",
            res_id: entry.id,
            views: [[false, "form"]],
        });
    }
}

registry.category("view_widgets").add("event_timeline", { component: EventTimeline });
