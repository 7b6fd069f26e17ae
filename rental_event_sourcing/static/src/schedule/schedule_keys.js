/** @odoo-module **/

import { barAt, movedBy, placeBetween } from "./schedule_layout";

/**
 * Let a schedule be used by keys alone: arrows, Home for today, Page Up and Page Down; with Shift
 * they move the rental at the cursor, also into another row, with Ctrl and Shift its end, else they
 * select days. Enter
 * does it, Escape leaves it.
 *
 * @param {Schedule} schedule
 */
export function useScheduleKeys(schedule) {
    let pending = null; // how a rental is being moved
    let left = false; // whether the cursor has to be brought into sight

    const current = () => {
        const { cursor } = schedule.state;
        const line = cursor && schedule.lines[cursor.line];
        return line ? { line, column: cursor.column } : null;
    };

    function step(lines, columns) {
        const at = current();
        const place = at ? { line: at.line.index + lines, column: at.column + columns } : { line: 0, column: 0 };
        const last = schedule.lines.length - 1;
        const line = schedule.lines[Math.min(Math.max(place.line, 0), last)];
        schedule.point(line, Math.min(Math.max(place.column, 0), schedule.columns.length - 1));
        left = true;
    }

    function shift(columns, how) {
        const at = current();
        if (!at) {
            return;
        }
        const bar = pending?.bar || barAt(at.line, schedule.columns[at.column]);
        if (bar) {
            const days = (pending?.days || 0) + columns;
            pending = { bar, how: pending?.how || how, days, to: pending?.to || at.line };
            schedule.showMove(pending.to, bar, pending.how, days);
            return;
        }
        const { selection } = schedule.state;
        const anchor = selection?.anchor ?? at.column;
        step(0, columns);
        schedule.select(at.line, anchor, current().column);
        schedule.state.selection.anchor = anchor;
    }

    /** Move the rental at the cursor into the line below or above the one where it is. */
    function shiftLine(lines) {
        const at = current();
        const bar = pending?.bar || (at && barAt(at.line, schedule.columns[at.column]));
        if (!bar || pending?.how === "end") {
            return;
        }
        const { to = at.line, days = 0 } = pending || {};
        const last = schedule.lines.length - 1;
        pending = { bar, how: "both", days, to: schedule.lines[Math.min(Math.max(to.index + lines, 0), last)] };
        schedule.showMove(pending.to, bar, "both", days);
        reveal(pending.to);
    }

    function leave() {
        const busy = pending || schedule.state.selection;
        pending = null;
        schedule.letGo();
        if (!busy) {
            schedule.state.cursor = null;
        }
    }

    function enter() {
        const at = current();
        const { selection } = schedule.state;
        if (pending) {
            const { bar, how, days, to } = pending;
            const place = placeBetween(bar, at.line, to);
            pending = null;
            return days || place ? schedule.move(bar, movedBy(bar, how, days).plan, place) : schedule.letGo();
        }
        if (selection) {
            return schedule.createSelected();
        }
        if (at) {
            const bar = barAt(at.line, schedule.columns[at.column]);
            return bar ? schedule.openRental(bar) : schedule.createFrom(at.line, at.column, at.column);
        }
    }

    function reveal({ top, height }) {
        const element = schedule.scroll.el;
        const head = element.querySelector(".o_rental_schedule_head").offsetHeight;
        const below = top + height - (element.clientHeight - head);
        if (top < element.scrollTop) {
            element.scrollTop = top;
        } else if (below > element.scrollTop) {
            element.scrollTop = below;
        }
    }

    const walk = {
        ArrowUp: () => step(-1, 0),
        ArrowDown: () => step(1, 0),
        ArrowLeft: () => step(0, -1),
        ArrowRight: () => step(0, 1),
        PageUp: () => schedule.goPeriods(-1),
        PageDown: () => schedule.goPeriods(1),
        Home: () => schedule.goToday(),
        " ": () => current() && schedule.toggle(current().line.row.key),
    };

    return {
        press(event) {
            if (event.target !== schedule.scroll.el || schedule.state.busy) {
                return; // a button among the names has keys of its own
            }
            const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            const below = { ArrowUp: -1, ArrowDown: 1 }[event.key];
            if (below && event.shiftKey) {
                shiftLine(below);
            } else if (side && event.shiftKey) {
                shift(side, event.ctrlKey || event.metaKey ? "end" : "both");
            } else if (event.key === "Enter") {
                enter();
            } else if (event.key === "Escape") {
                leave();
            } else if (walk[event.key] && !event.ctrlKey && !event.altKey && !event.metaKey) {
                pending = null;
                schedule.letGo();
                walk[event.key]();
            } else {
                return;
            }
            event.preventDefault();
            event.stopPropagation();
        },
        /** Bring the cursor into sight, once it is drawn. */
        follow() {
            const at = left && current();
            left = false;
            if (!at) {
                return;
            }
            reveal(at.line);
            const element = schedule.scroll.el;
            const { start, end } = schedule.columns[at.column];
            const first = schedule.shown.first;
            const [from, to] = [start - first, end - first + 1].map((day) => day * schedule.dayWidth);
            const room = element.clientWidth - schedule.names;
            if (from < element.scrollLeft || to > element.scrollLeft + room) {
                element.scrollLeft = Math.max(from - room / 2, 0);
            }
        },
    };
}
