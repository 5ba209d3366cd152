// How full packs were over time, a row for each pack size and policy.

import type { FillOverTime } from "../packs/over-time.js";
import { POLICIES } from "../packs/policies.js";
import { clip, table, wrap } from "./text.js";

const kib = (bytes: number): string => `${Math.round(bytes / 1024).toLocaleString("en-US")} KiB`;

export function formatOverTime(name: string, events: number, rows: readonly FillOverTime[], columns: number): string[] {
  const head = ["pack", "policy", "made", "most", "mapped", "code", "slack", "holes", "full"];
  const cells = rows.map(({ policy, packBytes, packsMade, mostPacks, mean, occupancy }) => [
    kib(packBytes),
    policy,
    String(packsMade),
    String(mostPacks),
    ...[mean.mapped, mean.code, mean.slack, mean.holes].map(kib),
    `${(100 * occupancy).toFixed(1)} %`,
  ]);
  return [
    `${name}: ${events.toLocaleString("en-US")} loads and frees; means over all of them`,
    ...table([head, ...cells], [0, 2, 3, 4, 5, 6, 7, 8]).map((line) => clip(line, columns)),
    "",
    ...wrap(
      POLICIES.map(({ name: policy, about }) => `${policy}: ${about}`),
      columns,
      "",
      "; ",
    ),
    ...wrap(
      "slack: the rest of the last chunk, or of a class; holes: free, but below something that lives".split(" "),
      columns,
      "",
    ),
  ];
}
