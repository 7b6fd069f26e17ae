/** @odoo-module **/

import { WarningDialog } from "@web/core/errors/error_dialogs";
import { registry } from "@web/core/registry";

// Odoo knows its own UserError by name. The kinds that are told apart here are sentences
// for people as well, and no crash with a traceback.
for (const name of [
    "RuleViolation",
    "BoundaryNotReady",
    "EventsArchived",
    "HandlerConflict",
    "HandlerOff",
    "VersionConflict",
]) {
    registry
        .category("error_dialogs")
        .add(`odoo.addons.event_sourcing.exceptions.${name}`, WarningDialog);
}
