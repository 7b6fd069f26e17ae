/** @odoo-module **/

import { onWillUnmount, useExternalListener } from "@odoo/owl";
import { lineAt, movedBy, placeBetween } from "./schedule_layout";

const SLACK = 4; // pixels that are still a click
const REST = 10; // pixels that a finger moves while it rests
const HOLD = 400; // milliseconds after which a finger drags and no longer scrolls
const FINGER = 20; // pixels of a bar that are its end for a finger
const EDGE = 32; // pixels along the border in which dragging scrolls
const STEP = 12; // pixels by which it scrolls in a frame

/**
 * Let bars and empty cells of a schedule be clicked and dragged. A finger scrolls, and taps; one
 * that rests for a moment drags.
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

    function drop() {
        clearTimeout(grip?.timer);
        grip = null;
    }

    function letGo() {
        drop();
        schedule.letGo();
    }

    /** Return which part of a bar a pointer has: "start", "end" or "both". */
    function partOf(event, element) {
        if (event.pointerType !== "touch") {
            return event.target.dataset.grip || "both";
        }
        const { left, right, width } = element.getBoundingClientRect();
        const side = event.clientX < left + FINGER ? "start" : event.clientX > right - FINGER && "end";
        const isThere = side && element.querySelector(`.o_grip_${side}`); // not beyond the period
        return isThere && width > 3 * FINGER ? side : "both";
    }

    function begin(event) {
        if (event.button !== 0 || !event.isPrimary || schedule.state.busy) {
            return;
        }
        const place = schedule.placeOfPointer(event);
        if (!place) {
            return;
        }
        drop();
        const line = schedule.lines[lineAt(schedule.lines, place.y)];
        const element = event.target.closest(".o_rental_schedule_bar");
        const waits = event.pointerType === "touch";
        grip = { line, ...place, column: columnAt(place.x), waits, pointer: event.pointerId, event };
        if (element) {
            grip.bar = line.bars.find((bar) => bar.key === element.dataset.key);
            grip.how = partOf(event, element);
        }
        if (waits) {
            grip.timer = setTimeout(lift, HOLD);
        } else {
            event.preventDefault(); // no text is selected
            schedule.focus();
        }
    }

    /** A finger has rested: from now on it drags. */
    function lift() {
        Object.assign(grip, { waits: false, moved: true });
        navigator.vibrate?.(15);
        follow();
    }

    function move(event) {
        if (!grip || event.pointerId !== grip.pointer) {
            return;
        }
        const { x, y } = schedule.placeOfPointer(event, true);
        const way = Math.hypot(x - grip.x, y - grip.y);
        if (grip.waits) {
            return way > REST && drop();
        }
        grip.event = event;
        if (grip.moved || way >= SLACK) {
            grip.moved = true;
            follow();
        }
    }

    /** Show what is dragged where the pointer is. */
    function follow() {
        const { x, y } = schedule.placeOfPointer(grip.event, true);
        if (grip.bar) {
            grip.days = Math.round((x - grip.x) / schedule.dayWidth);
            // An end is dragged within its row.
            grip.to = grip.how === "both" ? schedule.lines[lineAt(schedule.lines, y)] : grip.line;
            schedule.showMove(grip.to, grip.bar, grip.how, grip.days);
        } else {
            schedule.select(grip.line, grip.column, columnAt(x));
        }
        if (!grip.frame) {
            grip.frame = requestAnimationFrame(scrollAlong.bind(null, grip));
        }
    }

    /** Scroll while what is dragged is at the border. */
    function scrollAlong(dragged) {
        dragged.frame = null;
        if (grip !== dragged) {
            return;
        }
        const element = schedule.scroll.el;
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const { clientX, clientY } = grip.event;
        const head = element.querySelector(".o_rental_schedule_head").offsetHeight;
        const towards = (at, low, high) => (at < low + EDGE ? -STEP : at > high - EDGE ? STEP : 0);
        const before = [element.scrollLeft, element.scrollTop];
        element.scrollLeft += towards(clientX, left + schedule.names, right);
        if (grip.how === "both") {
            element.scrollTop += towards(clientY, top + head, bottom);
        }
        if (element.scrollLeft !== before[0] || element.scrollTop !== before[1]) {
            follow();
        }
    }

    function end(event) {
        if (!grip || event.pointerId !== grip.pointer) {
            return;
        }
        const done = grip;
        drop();
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
    useExternalListener(window, "pointercancel", letGo);
    onWillUnmount(drop);
    return {
        begin,
        cancel: drop,
        /** Let a finger that drags not scroll, too. */
        keepStill(event) {
            if (grip && !grip.waits) {
                event.preventDefault();
            }
        },
        /** Open no menu where a finger rests. */
        keepShut(event) {
            if (grip?.timer) {
                event.preventDefault();
            }
        },
    };
}
