import { expect, test } from "vitest";
import { checkExpected } from "../../properties/cases/check-or-crash.js";
import { parseCase } from "../../properties/cases/program/text.js";
import { stageCheck } from "../../properties/cases/stage-check.js";
import { machineEvents } from "./event-text.js";
import { differenceOf, findingData } from "./finding-data.js";

function failing(text: string) {
  const c = parseCase(text);
  if (!c.ok) throw new Error(c.error.message);
  return { name: "two", case: c.value, report: checkExpected(c.value, stageCheck()), replay: "npx rox run two.bpf" };
}

test("a case whose file asks for something else, with code, steps and text", async () => {
  const data = await findingData(failing("# title: two\n# expect: r0 = 0x3\n\nr0 = 2\nr0 += 4097\nexit\n"), ["load"]);
  expect(data).toMatchObject({
    ...{ name: "two", where: "r0 against the file", expected: "0x0000000000000003", replay: "npx rox run two.bpf" },
    ...{ rows: ["mov imm", "add imm", "exit"], groups: ["base64", "base32"], events: ["load"], stepsCut: false },
  });
  expect("difference" in data).toBe(false);
  const [main] = data.listing;
  expect(main?.parts.find(({ part }) => part === 1)).toMatchObject({
    bpf: "r0 += 4097",
    words: [{ text: "mov x10, #0x1001" }, { text: "add x7, x7, x10" }],
  });
  expect(data.steps.find(({ part }) => part === 1)?.changes).toEqual(["r0 = 0x1003"]);
  expect(data.text).toContain("r0 += 4097\nexit\n");
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
  const lines = machineEvents(failing("# title: two\n\nr0 = 2\nexit\n").case);
  expect([lines[0], lines.includes("free")]).toEqual(["load", true]);
  expect(lines.find((line) => line.includes("packMutex"))).toBe("  cpu 0  lock           packMutex");
  expect(lines.filter((line) => line.includes("setPermission"))).toEqual([
    expect.stringMatching(/^ {2}cpu 0 {2}setPermission {2}rox +0xffff8000[0-9a-f]{8} {2}2 MiB$/),
  ]);
});
