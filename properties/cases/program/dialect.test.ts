// The generator inside what a subject takes: nothing it draws lies outside, whatever is left out, and all that is inside
// is drawn.

import fc from "fast-check";
import { expect, test } from "vitest";
import { ROWS, type Row } from "../../../spec/bpf/isa.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import { CORE_FORMS, type Dialect, LINUX_DIALECT, outside } from "../../../subjects/dialect.js";
import { CaseArbitrary } from "./arbitrary.js";

const NO_KERNEL = {
  isKernel: false,
  maps: false,
  tailCalls: false,
  packets: false,
  helpers: new Set([7]),
  mostSlots: 200,
};
const formsOf = (wanted: (row: (typeof ROWS)[number]) => boolean): ReadonlySet<string> =>
  new Set(ROWS.filter((row) => !KERNELS.includes(row.group) && wanted(row)).map(({ id }) => id));
/** No other subject has an skb. */
const KERNELS: readonly Row["group"][] = ["kernel", "linux", "packet"];
const isOdd = (id: string): boolean =>
  ["lddw variable", "lddw code", "call kfunc"].includes(id) || /^lddw map/.test(id);

const DIALECTS: readonly (readonly [string, Dialect])[] = [
  ["no kernel", { ...LINUX_DIALECT, ...NO_KERNEL, forms: formsOf(({ id }) => !isOdd(id)) }],
  [
    "cpu v1, add as the only atomic, no local calls",
    {
      ...{ ...LINUX_DIALECT, ...NO_KERNEL, zeroedFrame: false, loops: false, pointers: false, unaligned: false },
      forms: formsOf(
        (row) =>
          row.cpu === 1 &&
          !isOdd(row.id) &&
          row.id !== "call local" &&
          (row.kind !== "atomic" || (row.op === "add" && !row.fetch)),
      ),
    },
  ],
  ["the core alone", { ...LINUX_DIALECT, ...NO_KERNEL, stackBytes: 64, forms: new Set(CORE_FORMS) }],
];

test.each(DIALECTS)("%s: every program lies inside and is valid, and every form is drawn", (_, dialect) => {
  const drawn = new Set<string>();
  for (const { program } of fc.sample(new CaseArbitrary({ dialect }), { seed: 1, numRuns: 1500 })) {
    expect(outside(program, dialect)).toBeUndefined();
    for (const { row } of program.code[0]!) drawn.add(row.id);
    const validity = validate(program);
    expect(validity.ok).toBe(true);
    // 512: the validator does not know how deep it is.
    const depth = validity.ok ? validity.facts.functions[0]!.stackDepth : 0;
    if (depth !== 512) expect(depth).toBeLessThanOrEqual(dialect.stackBytes);
  }
  expect([...dialect.forms].filter((id) => !drawn.has(id))).toEqual([]);
});

test("what lies outside is named", () => {
  const core: Dialect = { ...LINUX_DIALECT, ...NO_KERNEL, forms: new Set(CORE_FORMS) };
  const named = new Set(
    fc.sample(new CaseArbitrary(), { seed: 2, numRuns: 200 }).map(({ program }) => outside(program, core)),
  );
  expect(named).toContain("packets");
  expect(named).toContain("maps");
  expect([...named].some((what) => what?.startsWith("the form "))).toBe(true);
});
