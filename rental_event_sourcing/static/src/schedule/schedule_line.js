/** @odoo-module **/

import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { barAt, dayText, placeOf } from "./schedule_layout";
import { dayRange, shortDay } from "./schedule_words";

/** One line of a schedule: a product with what is free, or a unit or a lane with its bars. */
export class ScheduleLine extends Component {
    static template = "rental_event_sourcing.ScheduleLine";
    static props = {
        line: Object,
        first: Number,
        days: Number,
        columns: Array,
        dayWidth: Number,
        labels: Object,
        cursor: { type: Number, optional: true },
        toggle: Function,
        openUnit: Function,
    };

    get label() {
        const { kind, row, unit, first } = this.props.line;
        if (kind === "product") {
            return row.company ? `${row.name} (${row.company})` : row.name;
        }
        if (kind === "unit") {
            return unit.name;
        }
        return first && row.counting === "serial" ? _t("Without a unit") : "";
    }

    get freeThen() {
        return _t("%s free", this.props.line.row.free_then);
    }

    get style() {
        const { top, height } = this.props.line;
        return `transform: translateY(${top}px); height: ${height}px`;
    }

    at(from, to) {
        const { dayWidth } = this.props;
        return `left: ${from * dayWidth}px; width: ${(to - from) * dayWidth}px`;
    }

    /** Of a column of several days the day with the fewest counts. */
    get free() {
        const { line, columns, first } = this.props;
        const { free, owned } = line.row;
        if (line.kind !== "product" || !free) {
            return [];
        }
        return columns.map(({ index, start, end }) => {
            const least = Math.min(...free.slice(start - first, end - first + 1));
            const kind = least < 0 ? "short" : least === 0 ? "none" : least < owned ? "some" : "all";
            return { index, least, kind, style: this.at(start - first, end - first + 1) };
        });
    }

    get bars() {
        const { line, first, days } = this.props;
        const bars = [];
        for (const bar of line.bars) {
            const place = placeOf(bar, first, days);
            if (place) {
                bars.push({ ...bar, ...place, style: this.at(place.from, place.to), words: this.words(bar) });
            }
        }
        return bars;
    }

    get blocked() {
        const { line, first, days } = this.props;
        if (!line.unit?.blocked) {
            return null;
        }
        const [start, end] = line.unit.blocked;
        const place = placeOf({ start, end }, first, days);
        return place && this.at(place.from, place.to);
    }

    words(bar) {
        const { labels, line } = this.props;
        const words = [
            bar.name,
            bar.customer,
            `${bar.quantity} × ${line.row.name}`,
            dayRange(bar.start, bar.end),
            labels[bar.kind],
        ];
        if (bar.conflict) {
            words.push(_t("Too few are free"));
        }
        return words.filter(Boolean).join(", ");
    }

    get cursorStyle() {
        const { columns, cursor, first } = this.props;
        const { start, end } = columns[cursor];
        return this.at(start - first, end - first + 1);
    }

    get cursorWords() {
        const { columns, cursor, line } = this.props;
        const column = columns[cursor];
        const bar = barAt(line, column);
        if (bar) {
            return this.words(bar);
        }
        const words = [this.label || line.row.name, shortDay(dayText(column.start))];
        const free = this.free[cursor];
        if (free) {
            words.push(_t("%s free", free.least));
        }
        return words.join(", ");
    }
}
