/** @odoo-module **/

import { registry } from "@web/core/registry";

/** Where the server makes no PDF, say so in one sentence and open the document as a page. */
async function printAsPage(action, options, env) {
    const ours = (action.report_name || "").startsWith("rental_event_sourcing.");
    if (!ours || action.report_type !== "qweb-pdf") {
        return false;
    }
    const hint = await env.services.orm.call("rental.order", "action_print_hint", []);
    if (!hint) {
        return false;
    }
    env.services.notification.add(hint, { type: "warning" });
    await env.services.action.doAction({
        type: "ir.actions.act_url",
        url: `/report/html/${action.report_name}/${action.context.active_ids.join(",")}`,
        target: "new",
    });
    return true;
}

registry.category("ir.actions.report handlers").add("rental_documents", printAsPage);
