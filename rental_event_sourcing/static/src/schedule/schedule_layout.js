/** @odoo-module **/

// Where things lie in a schedule: days are numbers since 1970, lines have a top and a height.

const DAY = 24 * 60 * 60 * 1000;
export const HEIGHTS = {
    desk: { product: 30, unit: 30, lane: 30 },
    phone: { product: 46, unit: 50, lane: 32 }, // a name stands above its days
};
export const SCALES = {
    week: { days: 7, column: 1, least: 64 },
    month: { days: 35, column: 1, least: 30 },
    quarter: { days: 91, column: 7, least: 12 },
};

/** Return the number of a day such as "2026-03-01". */
export function dayNumber(text) {
    const [year, month, day] = text.split("-").map(Number);
    return Date.UTC(year, month - 1, day) / DAY;
}

/** Return the text of a day, as the server writes it. */
export function dayText(number) {
    return new Date(number * DAY).toISOString().slice(0, 10);
}

/** Return the first day of the week of a day; weekStart is 1 for Monday to 7 for Sunday. */
export function firstOfWeek(number, weekStart) {
    const weekday = ((number + 3) % 7) + 1; // 1970 began on a Thursday
    return number - ((weekday - weekStart + 7) % 7);
}

export function isWeekend(number) {
    return (number + 3) % 7 >= 5;
}

/** Return the columns of a period: first and last day of each. */
export function columnsOf(first, scale) {
    const { days, column } = SCALES[scale];
    const columns = [];
    for (let start = first; start < first + days; start += column) {
        columns.push({ index: columns.length, start, end: start + column - 1 });
    }
    return columns;
}

/** Return where a bar lies in a period, in days from its first one; null where it does not. */
export function placeOf(bar, first, days) {
    const start = dayNumber(bar.start) - first;
    const stop = bar.end ? dayNumber(bar.end) - first + 1 : days;
    if (start >= days || stop <= 0) {
        return null;
    }
    const place = { from: Math.max(start, 0), to: Math.min(stop, days) };
    return { ...place, before: start < 0, after: !bar.end || stop > days };
}

/** Put bars into as few lanes as it takes for none to cover another. */
export function packLanes(bars) {
    const lanes = [];
    const sorted = [...bars].sort((one, other) => (one.start < other.start ? -1 : 1));
    for (const bar of sorted) {
        const lane = lanes.find((lane) => lane.end && lane.end < bar.start);
        if (lane) {
            lane.bars.push(bar);
            lane.end = bar.end;
        } else {
            lanes.push({ bars: [bar], end: bar.end });
        }
    }
    return lanes.map((lane) => lane.bars);
}

/**
 * Return the lines of a schedule from top to bottom: a product, its units with their bars, and
 * the bars without a unit below them.
 */
export function linesOf(rows, folded, heights) {
    const lines = [];
    let top = 0;
    const add = (kind, row, vals) => {
        lines.push({ kind, row, bars: [], ...vals, index: lines.length, top, height: heights[kind] });
        top += heights[kind];
    };
    for (const row of rows) {
        const isFolded = folded.has(row.key);
        add("product", row, { key: row.key, folded: isFolded });
        if (isFolded) {
            continue;
        }
        const byUnit = {};
        for (const bar of row.bars) {
            for (const unit of bar.units) {
                (byUnit[unit] ||= []).push(bar);
            }
        }
        for (const unit of row.units) {
            const lanes = packLanes(byUnit[unit.key] || []);
            add("unit", row, { key: `${row.key}:${unit.key}`, unit, bars: lanes[0] || [] });
            // Two at a time should not be, and are seen.
            lanes.slice(1).forEach((bars, n) => {
                add("lane", row, { key: `${row.key}:${unit.key}:${n}`, unit, bars });
            });
        }
        const known = new Set(row.units.map((unit) => unit.key));
        const rest = row.bars.filter((bar) => {
            const shown = bar.units.filter((unit) => known.has(unit)).length;
            return !shown || bar.units.length < bar.quantity;
        });
        packLanes(rest).forEach((bars, n) => add("lane", row, { key: `${row.key}::${n}`, bars, first: !n }));
    }
    return { lines, height: top };
}

/** Return the index of the line at a height. */
export function lineAt(lines, y) {
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (lines[middle].top <= y) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/** Return the bar of a line that has a day of a column; of several the first. */
export function barAt(line, column) {
    return line.bars.find((bar) => {
        return dayNumber(bar.start) <= column.end && (!bar.end || dayNumber(bar.end) >= column.start);
    });
}

/** Return the days to which a rental is moved, and what it shows meanwhile, by days. */
export function movedBy(bar, how, days) {
    const shift = (text) => text && dayText(dayNumber(text) + days);
    const plan = { start: bar.planned_start, end: bar.planned_end };
    const shown = { start: bar.start, end: bar.end };
    if (how !== "end") {
        plan.start = shift(plan.start);
        shown.start = shift(shown.start);
    }
    if (how !== "start") {
        // Who drags an end drags the one that is seen: of what is overdue it is today.
        plan.end = how === "end" ? shift(bar.end) : shift(plan.end);
        shown.end = shift(shown.end);
    }
    return { plan, shown };
}

/** Return the row to which a bar is moved from one line to another; null where it is the same. */
export function placeBetween(bar, from, to) {
    const [before, after] = [from.unit?.key || "", to.unit?.key || ""];
    const same = from.row.key === to.row.key;
    if (from.row.company_id !== to.row.company_id || (same && before === after)) {
        return null;
    }
    return { line: bar.line, product_id: to.row.product_id, unit_from: before, unit_to: after };
}
