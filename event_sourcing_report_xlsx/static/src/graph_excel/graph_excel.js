/** @odoo-module **/

import { download } from "@web/core/network/download";
import { registry } from "@web/core/registry";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { graphView } from "@web/views/graph/graph_view";

// What Excel would take for a formula is text with a space before it.
const asText = (text) => (/^[=+\-@]/.test(text) ? ` ${text}` : text);

/** A graph whose numbers can be had as a workbook, as those of a pivot. */
export class ExcelGraphRenderer extends GraphRenderer {
    get table() {
        const { labels, datasets } = this.model.data;
        const { title, resModel } = this.model.metaData;
        const columns = datasets.map((dataset) => ({
            title: asText(String(dataset.label)),
            is_bold: true,
        }));
        return {
            title: title.replace(/[[\]:*?/\\]/g, " ").slice(0, 31),
            model: resModel,
            measure_count: columns.length,
            origin_count: 1,
            col_group_headers: [[{ title, width: columns.length, height: 1 }]],
            measure_headers: columns,
            origin_headers: [],
            rows: labels.map((label, number) => ({
                title: asText(Array.isArray(label) ? label.join(" / ") : String(label)),
                indent: 0,
                values: datasets.map((dataset) => ({ value: dataset.data[number] ?? 0 })),
            })),
        };
    }

    downloadExcel() {
        download({
            url: "/web/pivot/export_xlsx",
            data: { data: JSON.stringify(this.table) },
        });
    }
}

registry.category("views").add("event_graph", {
    ...graphView,
    Renderer: ExcelGraphRenderer,
    buttonTemplate: "event_sourcing_report_xlsx.GraphButtons",
});
