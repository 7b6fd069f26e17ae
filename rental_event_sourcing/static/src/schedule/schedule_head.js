/** @odoo-module **/

import { Component } from "@odoo/owl";
import { dayText, isWeekend } from "./schedule_layout";
import { columnWords, monthWords } from "./schedule_words";

const LEAST = 120; // pixels in which a month has room

/** What stands above the lines of a schedule: months, and days or weeks. */
export class ScheduleHead extends Component {
    static template = "rental_event_sourcing.ScheduleHead";
    static props = {
        columns: Array,
        scale: String,
        dayWidth: Number,
        width: Number,
        today: Number,
        folded: Boolean,
        toggleAll: Function,
    };

    get months() {
        const months = [];
        for (const { start, end } of this.props.columns) {
            const words = monthWords(dayText(start));
            if (months[months.length - 1]?.words !== words) {
                months.push({ words, key: start, days: 0 });
            }
            months[months.length - 1].days += end - start + 1;
        }
        // A year that is cut off would be another month.
        return months.map((month) => ({
            ...month,
            words: month.days * this.props.dayWidth < LEAST ? "" : month.words,
            style: this.wide(month.days),
        }));
    }

    get heads() {
        const { columns, scale, today } = this.props;
        return columns.map(({ index, start, end }) => {
            const [above, below] = columnWords(dayText(start), scale);
            return {
                index,
                above,
                below,
                style: this.wide(end - start + 1),
                weekend: start === end && isWeekend(start),
                today: start <= today && today <= end,
            };
        });
    }

    wide(days) {
        return `width: ${days * this.props.dayWidth}px`;
    }
}

/** What lies behind the lines: weekends, and today. */
export class ScheduleBack extends Component {
    static template = "rental_event_sourcing.ScheduleBack";
    static props = { first: Number, days: Number, dayWidth: Number, today: Number };

    get weekends() {
        const { first, days } = this.props;
        const found = [...Array(days).keys()].filter((day) => isWeekend(first + day));
        return found.map((day) => ({ day, style: this.at(day) }));
    }

    get todayStyle() {
        const day = this.props.today - this.props.first;
        return day >= 0 && day < this.props.days && this.at(day);
    }

    at(day) {
        const { dayWidth } = this.props;
        return `left: calc(var(--schedule-names) + ${day * dayWidth}px); width: ${dayWidth}px`;
    }
}
