/** @odoo-module **/

import { useExternalListener } from "@odoo/owl";
import { lineAt, movedBy, placeBetween } from "./schedule_layout";

const SLACK = 4; // pixels that are still a click

/**
 * Let bars and empty cells of a schedule be clicked and dragged; a finger scrolls, and taps.
 *
 * @param {Schedule} schedule
 */
export function useSchedulePointer(schedule) {
    let grip = null;

    const dayAt = (x) => Math.floor(x / schedule.dayWidth);
    const columnAt = (x) => {
        const last = schedule.columns.length - 1;
        const column = Math.floor(dayAt(x) / schedule.scale.column);
        return Math.min(Math.max(column, 0), last);
    };

    function begin(event) {
        if (event.button !== 0 || schedule.state.busy) {
            return;
        }
        const place = schedule.placeOfPointer(event);
        if (!place) {
            return;
        }
        const line = schedule.lines[lineAt(schedule.lines, place.y)];
        const element = event.target.closest(".o_rental_schedule_bar");
        grip = { line, ...place, column: columnAt(place.x), still: event.pointerType === "touch" };
        if (element) {
            grip.bar = line.bars.find((bar) => bar.key === element.dataset.key);
            grip.how = event.target.dataset.grip || "both";
        }
        if (!grip.still) {
            event.preventDefault(); // no text is selected
            schedule.focus();
        }
    }

    function move(event) {
        if (!grip || grip.still) {
            return;
        }
        const { x, y } = schedule.placeOfPointer(event, true);
        if (!grip.moved && Math.hypot(x - grip.x, y - grip.y) < SLACK) {
            return;
        }
        grip.moved = true;
        if (grip.bar) {
            grip.days = Math.round((x - grip.x) / schedule.dayWidth);
            // An end is dragged within its row.
            grip.to = grip.how === "both" ? schedule.lines[lineAt(schedule.lines, y)] : grip.line;
            schedule.showMove(grip.to, grip.bar, grip.how, grip.days);
        } else {
            schedule.select(grip.line, grip.column, columnAt(x));
        }
    }

    function end() {
        const done = grip;
        grip = null;
        if (!done) {
            return;
        }
        if (!done.moved) {
            schedule.point(done.line, done.column);
            const { bar, line, column } = done;
            return bar ? schedule.openRental(bar) : schedule.createFrom(line, column, column);
        }
        if (done.bar) {
            const { plan } = movedBy(done.bar, done.how, done.days);
            const place = placeBetween(done.bar, done.line, done.to);
            return done.days || place ? schedule.move(done.bar, plan, place) : schedule.letGo();
        }
        return schedule.createSelected();
    }

    useExternalListener(window, "pointermove", move);
    useExternalListener(window, "pointerup", end);
    useExternalListener(window, "pointercancel", () => {
        grip = null;
        schedule.letGo();
    });
    return {
        begin,
        cancel() {
            grip = null;
        },
    };
}
