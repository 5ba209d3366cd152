// One family of the coverage matrix as a heat map.

import * as Plot from "@observablehq/plot";
import { draw, tag } from "./drawing.js";
import { grouped } from "./html.js";
import { type Family, heat, type MatrixCell } from "./matrix.js";

const CELL = { width: 26, height: 17 } as const;
const MARGIN = { top: 84, right: 44, bottom: 4 } as const;
/** Of the row names, about. */
const LETTER = 5.8;

export function drawFamily({ title, rows, strategies, cells }: Family): string {
  const place = { x: "strategy", y: "row" } as const;
  const left = 12 + LETTER * Math.max(...rows.map((row) => row.length));
  const options: Plot.PlotOptions = {
    width: left + strategies.length * CELL.width + MARGIN.right,
    height: MARGIN.top + rows.length * CELL.height + MARGIN.bottom,
    marginTop: MARGIN.top,
    marginRight: MARGIN.right,
    marginBottom: MARGIN.bottom,
    marginLeft: left,
    padding: 0,
    x: { type: "band", domain: [...strategies], axis: null },
    y: { type: "band", domain: [...rows], axis: null },
    color: { type: "identity" },
    marks: [
      Plot.cell(cells, {
        ...place,
        className: "heat",
        inset: 0.75,
        rx: 2,
        fill: (cell: MatrixCell) => `var(--heat-${heat(cell.count)})`,
        title: describe,
      }),
      Plot.text(cells, {
        ...place,
        className: "heat-count",
        text: (cell: MatrixCell) => short(cell.count),
        fill: (cell: MatrixCell) => `var(--heat-text-${heat(cell.count)})`,
        fontSize: 8.5,
      }),
      Plot.text(rows, {
        className: "heat-row",
        x: () => strategies[0],
        y: (row: string) => row,
        text: (row: string) => row,
        textAnchor: "end",
        dx: -CELL.width / 2 - 5,
        fontSize: 10.5,
      }),
      Plot.text(strategies, {
        className: "heat-strategy",
        x: (s: string) => s,
        y: () => rows[0],
        text: (s: string) => s,
        textAnchor: "start",
        rotate: -45,
        dy: -CELL.height / 2 - 6,
        fontSize: 10.5,
      }),
    ],
  };
  const reached = cells.filter(({ count }) => count > 0).length;
  const label = `${title}: ${reached} of ${cells.length} lowerings reached; the numbers are in the table below`;
  return draw(label, options, (drawing) => {
    for (const mark of ["heat", "heat-count"]) {
      tag(drawing, mark, cells, "data-row", ({ row }) => row);
      tag(drawing, mark, cells, "data-group", ({ group }) => group);
    }
    tag(drawing, "heat", cells, "class", ({ count, unexpected }) =>
      unexpected ? "unexpected" : count === 0 ? "missed" : "",
    );
    tag(drawing, "heat-row", rows, "data-row", (row) => row);
    tag(drawing, "heat-row", rows, "data-group", (row) => cells.find((cell) => cell.row === row)?.group ?? "");
  });
}

const describe = ({ row, strategy, count, unexpected }: MatrixCell): string =>
  `${row}, ${strategy}: ${count === 0 ? "not reached" : grouped(count)}${unexpected ? ", not expected" : ""}`;

/** Three characters: `7`, `42`, `1k`, `25k`, `3M`. */
const short = (count: number): string =>
  count === 0
    ? "–"
    : count < 1000
      ? `${count}`
      : count < 999_500
        ? `${Math.round(count / 1000)}k`
        : `${Math.round(count / 1e6)}M`;
