/** @odoo-module **/

import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const PAUSE = 250; // ms between two questions

/**
 * How far a job is. Asking also works on it for a moment, so that it goes on where no
 * scheduler runs; it goes on without anybody watching where one does.
 */
export class JobProgress extends Component {
    static template = "event_sourcing_job.JobProgress";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ percent: 0, text: "", state_label: "", under_way: false });
        onMounted(() => this.watch());
        onWillUnmount(() => (this.gone = true));
    }

    async watch() {
        const { record } = this.props;
        const underWay = () => ["waiting", "running"].includes(record.data.state);
        const watched = underWay();
        do {
            const progress = await this.orm.silent.call("event.job", "poll", [[record.resId]]);
            if (watched && !progress.under_way && !this.gone) {
                // Counts, results and buttons of the form, before a full bar says that it is over.
                await record.load();
            }
            if (this.gone) {
                return;
            }
            Object.assign(this.state, progress);
            if (progress.under_way) {
                await new Promise((resolve) => setTimeout(resolve, PAUSE));
            }
        } while (this.state.under_way && !this.gone);
    }
}

registry.category("view_widgets").add("event_job_progress", { component: JobProgress });
