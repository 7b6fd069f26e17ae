/** @odoo-module **/

import { Component, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** This month against last, as numbers to click on; the server counts. */
export class EventDashboard extends Component {
    static template = "event_sourcing_analysis.EventDashboard";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ tiles: [], weeks: [], rules: [], people: [] });
        onWillStart(async () => {
            const figures = await this.call("figures", []);
            Object.assign(this.state, figures);
        });
    }

    get highest() {
        return Math.max(1, ...this.state.weeks.map((week) => week.attempts));
    }

    call(method, args) {
        const context = { tz: luxon.DateTime.local().zoneName }; // as other fields show time
        return this.orm.call("event.overview", method, args, { context });
    }

    async open(kind = false, rule = false, user = false, week = false) {
        this.action.doAction(await this.call("action_attempts", [kind, rule, user, week]));
    }

    openTile(tile) {
        const kinds = { rejected: "rejected", misoperation_rate: "rejected", failed: "failed" };
        return this.open(kinds[tile.key] || false);
    }
}

registry.category("view_widgets").add("event_dashboard", { component: EventDashboard });
