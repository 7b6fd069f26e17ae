/** @odoo-module **/

import { Component, onMounted, onPatched, onWillStart, useExternalListener, useRef, useState } from "@odoo/owl";
import { tell } from "@event_sourcing_base/told/told";
import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { Layout } from "@web/search/layout";
import { useScheduleKeys } from "./schedule_keys";
import {
    columnsOf,
    dayNumber,
    dayText,
    firstOfWeek,
    HEIGHTS,
    lineAt,
    linesOf,
    movedBy,
    placeOf,
    SCALES,
} from "./schedule_layout";
import { ScheduleBack, ScheduleHead } from "./schedule_head";
import { ScheduleLine } from "./schedule_line";
import { useSchedulePointer } from "./schedule_pointer";
import { dayRange, periodWords } from "./schedule_words";

const NAMES = 220; // pixels
const BEYOND = 12; // lines above and below what is seen that are drawn, too
const NO_FILTERS = {
    statuses: [],
    category_id: 0,
    product_id: 0,
    partner_id: 0,
    search: "",
    free_from: "",
    free_to: "",
    free_quantity: 1,
};
// Who comes back from a rental finds the schedule as it was.
let kept = null;

/** Products and units as rows, rentals as bars: what lies when, and what is free. */
export class Schedule extends Component {
    static template = "rental_event_sourcing.Schedule";
    static components = { Layout, ScheduleBack, ScheduleHead, ScheduleLine };
    static props = ["*"];

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.scroll = useRef("scroll");
        this.canvas = useRef("canvas");
        this.display = { controlPanel: {} };
        this.labels = { overdue: _t("Overdue") };
        this.scales = [
            ["week", _t("Week")],
            ["month", _t("Month")],
            ["quarter", _t("Quarter")],
        ];
        this.question = 0;
        this.folded = new Set(kept?.folded);
        this.state = useState({
            scale: "month",
            first: this.weekOf(dayNumber(luxon.DateTime.local().toISODate())),
            filters: { ...NO_FILTERS },
            unfolded: false,
            ...kept?.state,
            // Of what is drawn: which lines, and how wide a day is.
            from: 0,
            to: 40,
            width: window.innerWidth, // until it is measured
            drawn: 0,
            cursor: null,
            ghost: null,
            selection: null,
            busy: false,
        });
        this.top = kept?.top || 0;
        this.pointer = useSchedulePointer(this);
        this.keys = useScheduleKeys(this);
        this.toggle = this.toggle.bind(this);
        this.toggleAll = this.toggleAll.bind(this);
        this.openUnit = this.openUnit.bind(this);
        this.find = useDebounced(() => this.load(), 250);
        useExternalListener(window, "resize", () => this.measure());
        onWillStart(() => this.load());
        onMounted(() => {
            this.measure();
            this.scroll.el.scrollTop = this.top;
            this.onScroll();
        });
        onPatched(() => this.keys.follow());
    }

    weekOf(day) {
        return firstOfWeek(day, localization.weekStart || 1);
    }

    // ------------------------------------------------------------------
    // What there is
    // ------------------------------------------------------------------

    get asked() {
        const { free_from, free_to, ...others } = this.state.filters;
        const free = free_from && free_to && free_from <= free_to;
        return { ...others, free_from: free && free_from, free_to: free && free_to };
    }

    async load() {
        const number = ++this.question;
        const { first, scale } = this.state;
        const period = [dayText(first), dayText(first + SCALES[scale].days - 1)];
        const answer = await this.orm.call("rental.schedule", "read_period", [...period, this.asked]);
        if (number !== this.question) {
            return; // something else was asked for meanwhile
        }
        this.rows = answer.rows;
        this.options = answer.options;
        this.today = dayNumber(answer.today);
        Object.assign(this.labels, Object.fromEntries(answer.options.statuses));
        this.shown = { first, scale };
        this.columns = columnsOf(first, scale);
        this.layOut();
        this.letGo();
    }

    /** Find the place of every line anew. */
    layOut() {
        this.phone = this.env.isSmall;
        const laid = linesOf(this.rows, this.folded, HEIGHTS[this.phone ? "phone" : "desk"]);
        Object.assign(this, laid);
        const { cursor } = this.state;
        if (cursor) {
            this.point(this.lines[Math.min(cursor.line, this.lines.length - 1)], cursor.column);
        }
        this.see();
        this.keep();
        this.state.drawn++;
    }

    keep() {
        const { scale, first, filters, unfolded } = this.state;
        const state = { scale, first, filters: { ...filters }, unfolded };
        kept = { state, folded: [...this.folded], top: this.top };
    }

    // ------------------------------------------------------------------
    // What is seen
    // ------------------------------------------------------------------

    get scale() {
        return SCALES[this.shown.scale];
    }

    get names() {
        return this.phone ? 0 : NAMES;
    }

    get dayWidth() {
        const { days, least } = this.scale;
        return Math.max((this.state.width - this.names) / days, least);
    }

    get width() {
        return this.names + this.scale.days * this.dayWidth;
    }

    get period() {
        const { first } = this.shown;
        return periodWords(dayText(first), dayText(first + this.scale.days - 1));
    }

    get todayStyle() {
        const day = this.today - this.shown.first;
        return day >= 0 && day < this.scale.days && this.across(day, day + 1);
    }

    across(from, to) {
        return `left: ${this.names + from * this.dayWidth}px; width: ${(to - from) * this.dayWidth}px`;
    }

    get drawnLines() {
        return this.lines.slice(this.state.from, this.state.to);
    }

    get filterCount() {
        const { statuses, category_id, product_id, partner_id } = this.state.filters;
        const chosen = [statuses.length, category_id, product_id, partner_id, this.asked.free_from];
        return chosen.filter(Boolean).length;
    }

    measure() {
        if (this.phone !== this.env.isSmall) {
            this.layOut();
        }
        this.state.width = this.scroll.el.clientWidth;
    }

    onScroll() {
        this.top = this.scroll.el.scrollTop;
        this.keep();
        this.see();
    }

    /** Draw the lines around those that are seen; most of a scroll needs no new ones. */
    see() {
        const height = this.scroll.el?.clientHeight || window.innerHeight;
        const first = lineAt(this.lines, this.top);
        const last = lineAt(this.lines, this.top + height);
        const { from, to } = this.state;
        if (first < from + 3 || last > to - 3 || to - from > 3 * BEYOND + last - first) {
            this.state.from = Math.max(first - BEYOND, 0);
            this.state.to = last + BEYOND + 1;
        }
    }

    // ------------------------------------------------------------------
    // Choosing
    // ------------------------------------------------------------------

    go(days) {
        this.state.first += days;
        return this.load();
    }

    goPeriods(count) {
        // A month is five weeks, so that the next one begins with the last of these.
        const days = this.state.scale === "month" ? 28 : this.scale.days;
        return this.go(count * days);
    }

    async goToday() {
        this.state.first = this.weekOf(this.today);
        await this.load();
        const column = this.columns.findIndex(({ start, end }) => start <= this.today && this.today <= end);
        this.scroll.el.scrollLeft = 0;
        this.point(this.lines[this.state.cursor?.line || 0], column);
    }

    setScale(scale) {
        this.state.scale = scale;
        return this.load();
    }

    setFilter(name, value) {
        this.state.filters[name] = value;
        return this.load();
    }

    setNumber(name, ev) {
        const least = name === "free_quantity" ? 1 : 0;
        return this.setFilter(name, Math.max(parseInt(ev.target.value) || 0, least));
    }

    onSearch(ev) {
        this.state.filters.search = ev.target.value.slice(0, 128);
        this.find();
    }

    toggleStatus(status) {
        const { statuses } = this.state.filters;
        const others = statuses.filter((known) => known !== status);
        return this.setFilter("statuses", others.length < statuses.length ? others : [...statuses, status]);
    }

    clearFilters() {
        this.state.filters = { ...NO_FILTERS };
        return this.load();
    }

    toggle(key) {
        this.folded.has(key) ? this.folded.delete(key) : this.folded.add(key);
        this.layOut();
    }

    toggleAll() {
        const keys = this.rows.map((row) => row.key);
        this.folded = new Set(keys.every((key) => this.folded.has(key)) ? [] : keys);
        this.layOut();
    }

    // ------------------------------------------------------------------
    // Pointing and dragging
    // ------------------------------------------------------------------

    placeOfPointer(event, anywhere = false) {
        const { left, top } = this.canvas.el.getBoundingClientRect();
        const [x, y] = [event.clientX - left - this.names, event.clientY - top];
        const outside = x < 0 || y < 0 || y >= this.height || !this.canvas.el.contains(event.target);
        const named = outside || event.target.closest(".o_rental_schedule_name");
        return named && !anywhere ? null : { x, y };
    }

    focus() {
        this.scroll.el.focus({ preventScroll: true });
    }

    point(line, column) {
        this.state.cursor = line ? { line: line.index, column } : null;
    }

    showMove(line, bar, how, days) {
        const { shown } = movedBy(bar, how, days);
        const place = placeOf(shown, this.shown.first, this.scale.days);
        const wrong = !place || (shown.end && shown.end < shown.start);
        this.state.selection = null;
        this.state.ghost = wrong
            ? null
            : {
                  style: `${this.across(place.from, place.to)}; top: ${line.top + line.height - this.barHeight}px`,
                  words: dayRange(shown.start, shown.end),
              };
    }

    get barHeight() {
        return HEIGHTS.desk.lane;
    }

    select(line, from, to) {
        this.state.ghost = null;
        this.state.selection = { line: line.index, from: Math.min(from, to), to: Math.max(from, to) };
    }

    get selectionStyle() {
        const { line, from, to } = this.state.selection;
        const { first } = this.shown;
        const { top, height } = this.lines[line];
        const place = this.across(this.columns[from].start - first, this.columns[to].end - first + 1);
        return `${place}; top: ${top}px; height: ${height}px`;
    }

    letGo() {
        this.pointer.cancel();
        Object.assign(this.state, { ghost: null, selection: null });
    }

    // ------------------------------------------------------------------
    // Doing
    // ------------------------------------------------------------------

    openRental(bar) {
        return this.open("rental.order", bar.id);
    }

    openUnit(unit) {
        return this.open("rental.unit", unit.id);
    }

    open(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    createSelected() {
        const { line, from, to } = this.state.selection;
        return this.createFrom(this.lines[line], from, to);
    }

    /** Plan a rental of the product of a line, from one column to another. */
    async createFrom({ row, unit }, from, to) {
        const action = await this.orm.call("rental.schedule", "action_plan", [], {
            product_id: row.product_id,
            unit_id: unit?.id || false,
            company_id: row.company_id,
            start: dayText(this.columns[from].start),
            end: dayText(this.columns[to].end),
        });
        await this.action.doAction(action, { onClose: () => this.load() });
    }

    /** Record that a rental is moved; where that is refused, it is where it was. */
    async move(bar, plan, place) {
        this.state.busy = true;
        const args = [bar.id, plan.start, plan.end, bar.version, place];
        try {
            const { message } = await this.orm.call("rental.schedule", "move", args);
            tell(this.env, { params: { message, type: "success" } });
        } catch (error) {
            if (!registry.category("error_dialogs").contains(error.exceptionName)) {
                throw error; // nothing that is said to people
            }
            tell(this.env, { params: { message: error.data.message, type: "warning" } });
        } finally {
            this.state.busy = false;
            await this.load();
        }
    }
}

registry.category("actions").add("rental_schedule", Schedule);
