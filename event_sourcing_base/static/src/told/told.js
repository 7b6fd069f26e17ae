/** @odoo-module **/

import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";

const SHORT = 4000;
const LONG = 12000; // what has reasons to read

let closeLast = () => {};

/**
 * Say what became of something: like Odoo's display_notification, but one at a time, it always
 * leaves, and what there is more to say about it is one click away.
 *
 * params: title, message, type, className, next; more: {label, action} of a button.
 */
export function tell(env, action) {
    const { title, message, type, className, more, next } = action.params || {};
    closeLast();
    let timeout = null;
    const close = env.services.notification.add(message, {
        title,
        type: type || "info",
        className: className || "",
        sticky: true, // how long is said here
        buttons: more
            ? [
                  {
                      name: more.label,
                      onClick: () => {
                          closeLast();
                          env.services.action.doAction(more.action);
                      },
                  },
              ]
            : [],
    });
    closeLast = () => {
        browser.clearTimeout(timeout);
        close();
        closeLast = () => {};
    };
    timeout = browser.setTimeout(closeLast, more || type === "warning" || type === "danger" ? LONG : SHORT);
    return next;
}

registry.category("actions").add("event_sourcing_tell", tell);
