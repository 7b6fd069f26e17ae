/** @odoo-module **/

import { onWillStart } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formView } from "@web/views/form/form_view";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { listView } from "@web/views/list/list_view";

/** Learn in which statuses an entry of the Action menu is possible. */
function usePossible() {
    const orm = useService("orm");
    const possible = { statuses: {} };
    onWillStart(async () => {
        possible.statuses = await orm.call("rental.order", "action_menu_statuses", []);
    });
    return possible;
}

/** Leave out what is possible for none of the records. */
function onlyPossible(items, possible, records) {
    const found = new Set(records.map((record) => record.data.status));
    return {
        ...items,
        action: (items.action || []).filter((item) => {
            const statuses = possible.statuses[item.id];
            return !statuses || statuses.some((status) => found.has(status));
        }),
    };
}

export class RentalListController extends listView.Controller {
    setup() {
        super.setup();
        this.possible = usePossible();
    }

    get actionMenuItems() {
        const list = this.model.root;
        const items = super.actionMenuItems;
        // Of pages that are not loaded nothing is known here; the dialog will tell.
        return list.isDomainSelected ? items : onlyPossible(items, this.possible, list.selection);
    }
}

export class RentalFormController extends formView.Controller {
    setup() {
        super.setup();
        this.possible = usePossible();
        this.rentals = useService("orm");
        this.told = useService("notification");
    }

    get actionMenuItems() {
        return onlyPossible(super.actionMenuItems, this.possible, [this.model.root]);
    }

    /** What happened since this page was loaded, in one sentence; false if nothing did. */
    async changedSince(record, button) {
        if (!record.resId || this.seen === `${record.resId}/${record.data.event_count}`) {
            return false;
        }
        const args = [[record.resId], record.data.event_count];
        return this.rentals.call("rental.order", "changed_since", args, { button: button || null });
    }

    async onWillSaveRecord(record, changes) {
        const sentence = await this.changedSince(record);
        if (sentence) {
            // What was typed stays; who saves once more wants it so.
            this.seen = `${record.resId}/${record.data.event_count}`;
            const what = _t("Save once more to keep your changes, or discard them to see the rental as it is.");
            this.told.add(`${sentence} ${what}`, { type: "warning" });
            return false;
        }
        return super.onWillSaveRecord(record, changes);
    }

    async beforeExecuteActionButton(clickParams) {
        const record = this.model.root;
        if (clickParams.type === "object" && record.resId && !(await record.isDirty())) {
            const sentence = await this.changedSince(record, clickParams.name);
            if (sentence) {
                const what = _t("The page shows it as it is now; look, and press again.");
                this.told.add(`${sentence} ${what}`, { type: "warning" });
                await this.model.load();
                return false;
            }
        }
        return super.beforeExecuteActionButton(clickParams);
    }
}

export class RentalBoardRenderer extends KanbanRenderer {
    setup() {
        super.setup();
        this.board = useService("orm");
        this.actions = useService("action");
    }

    /** A status is never written: any column can be dropped on, and what that means is recorded. */
    get canMoveRecords() {
        return this.canResequenceRecords && this.props.list.groupByField?.name === "status";
    }

    async sortRecordDrop(dataRecordId, dataGroupId, { element, parent }) {
        element.classList.remove("o_dragged");
        parent?.classList.remove("o_kanban_hover");
        const { list } = this.props;
        const groups = list.groups || [];
        const target = groups.find((group) => group.id === parent?.dataset.id);
        const source = groups.find((group) => group.id === dataGroupId);
        const record = source?.list.records.find((known) => known.id === dataRecordId);
        if (!record || !target || target === source || list.groupByField.name !== "status") {
            return;
        }
        const reload = () => list.model.load();
        const action = await this.board.call("rental.order", "action_move_to", [
            [record.resId],
            target.value,
        ]);
        // The card is where its events put it, whatever comes of it.
        await this.actions.doAction(action, { onClose: reload });
        if (action.type !== "ir.actions.act_window") {
            await reload();
        }
    }
}

registry.category("views").add("rental_order_list", { ...listView, Controller: RentalListController });
registry.category("views").add("rental_order_form", { ...formView, Controller: RentalFormController });
registry.category("views").add("rental_order_board", { ...kanbanView, Renderer: RentalBoardRenderer });
