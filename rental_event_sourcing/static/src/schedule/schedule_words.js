/** @odoo-module **/

const { DateTime } = luxon;
const DAY = { day: "numeric", month: "short" };
const DAY_OF_YEAR = { ...DAY, year: "numeric" };

export function shortDay(text) {
    return DateTime.fromISO(text).toLocaleString(DAY);
}

/** Return the days from one to another; an end that is not known is left open. */
export function dayRange(start, end) {
    return `${shortDay(start)} – ${end ? shortDay(end) : "…"}`;
}

/** Return a period in words, with its year. */
export function periodWords(start, end) {
    const last = DateTime.fromISO(end).toLocaleString(DAY_OF_YEAR);
    const sameYear = start.slice(0, 4) === end.slice(0, 4);
    return `${DateTime.fromISO(start).toLocaleString(sameYear ? DAY : DAY_OF_YEAR)} – ${last}`;
}

/** Return what stands above a column, as two lines. */
export function columnWords(start, scale) {
    const day = DateTime.fromISO(start);
    if (scale === "month") {
        return [day.toFormat("ccccc"), day.toFormat("d")];
    }
    return scale === "week" ? [day.toFormat("ccc"), day.toLocaleString(DAY)] : ["", day.toLocaleString(DAY)];
}

export function monthWords(text) {
    return DateTime.fromISO(text).toLocaleString({ month: "long", year: "numeric" });
}
