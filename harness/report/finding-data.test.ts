import { expect, test } from "vitest";
import { defaultEngine } from "../../engines/index.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { makeCheck } from "../../properties/cases/program/check.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { parseCase } from "../../properties/cases/program/text.js";
import type { Counterexample } from "../counterexample.js";
import { differenceOf, findingData, machineEvents } from "./finding-data.js";

const witnesses = () => ({ check: makeCheck(), engine: defaultEngine() });
const ADDS = "# title: two\n# expect: r0 = 0x3\n\nr0 = 2\nr0 += 4097\nexit\n";
const FOUND: Counterexample = {
  ...{ name: "two", title: "r0 against the file differs", oracle: "exec-match", kind: PROGRAMS, text: ADDS },
  ...{ where: "r0 against the file", expected: "0x3", got: "returned 0x1003", replay: "npx rox run two.bpf" },
};

test("a case whose file asks for something else, with code, steps and text", async () => {
  const data = await findingData(FOUND, witnesses());
  expect(data).toMatchObject({
    ...{ name: "two", where: "r0 against the file", expected: "0x3", replay: "npx rox run two.bpf", text: ADDS },
    ...{ rows: ["mov imm", "add imm", "exit"], groups: ["base64", "base32"], stepsCut: false },
  });
  expect("difference" in data).toBe(false);
  const [main] = data.listing;
  expect(main?.parts.find(({ part }) => part === 1)).toMatchObject({
    bpf: "r0 += 4097",
    words: [{ text: "mov x10, #0x1001" }, { text: "add x7, x7, x10" }],
  });
  expect(data.steps.find(({ part }) => part === 1)?.changes).toEqual(["r0 = 0x1003"]);
  expect(data.events.filter((line) => !line.startsWith(" "))).toEqual(["load", "free"]);
});

test("what ended its worker is not run", async () => {
  const data = await findingData({ ...FOUND, endsWorker: true }, witnesses());
  expect(data).toMatchObject({ text: ADDS, listing: [], steps: [], events: [] });
});

test("a history has what became of each action, and the events of the one that an oracle objects to", async () => {
  const text = "profile: linux-6.12\n\nload #0 (r0 = 1 .., 2 insns); copy 1 fails\nload #1 (r0 = 1 .., 2 insns)\n";
  const data = await findingData({ ...FOUND, kind: HISTORIES, text }, witnesses());
  expect(data.actions?.map(({ result }) => result)).toEqual(["loaded, a failure struck"]);
  expect(data.actions?.[0]?.breaches.length).toBeGreaterThan(0);
  expect(data.events.filter((line) => line.endsWith("FAILS      a copy"))).toHaveLength(1);
});

test("the first difference names the register and both values", () => {
  const step = {
    part: 3,
    bpf: "w0 s%= 2",
    words: [],
    changes: ["r0 = 0xffffffff"],
    differences: ["r0 = 0x1", "r2 = 0x5"],
  };
  expect(differenceOf(step)).toEqual({
    ...{ code: 0, part: 3, bpf: "w0 s%= 2" },
    ...{ register: "r0", expected: "0xffffffff", got: "0x1" },
  });
  expect(differenceOf({ ...step, changes: [] }).expected).toBe("");
});

test("the log tells the load and the free", () => {
  const c = parseCase("# title: two\n\nr0 = 2\nexit\n");
  if (!c.ok) throw new Error(c.error.message);
  const lines = machineEvents(c.value);
  expect([lines[0], lines.includes("free")]).toEqual(["load", true]);
  expect(lines.find((line) => line.includes("packMutex"))).toBe("    2  cpu 0  lock       packMutex");
  expect(lines.filter((line) => line.includes("protect"))).toEqual([
    expect.stringMatching(/^ +\d+ {2}cpu 0 {2}protect {4}0xffff8000[0-9a-f]{8} \+2097152 ro$/),
    expect.stringMatching(/^ +\d+ {2}cpu 0 {2}protect {4}0xffff8000[0-9a-f]{8} \+2097152 rox$/),
  ]);
});
