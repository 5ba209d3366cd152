import { describe, expect, test } from "vitest";
import { trampFrame } from "./frame.js";
import { bpfTrampolineEnterExit, btfFuncModelNregs, trampFlags } from "./links.js";
import { ENV, link, links } from "./testing.js";

test.each<[string, readonly (readonly [number, boolean])[], number]>([
  ["none", [], 0],
  [
    "words and less",
    [
      [8, false],
      [4, false],
      [1, false],
    ],
    3,
  ],
  ["a struct that fits into one", [[8, true]], 1],
  [
    "a struct of two words",
    [
      [8, false],
      [16, true],
    ],
    3,
  ],
  [
    "a struct with something over",
    [
      [9, true],
      [17, true],
    ],
    5,
  ],
  [
    "an empty struct",
    [
      [0, true],
      [8, false],
    ],
    1,
  ],
])("registers of arguments: %s", (_, args, expected) => {
  expect(btfFuncModelNregs(args.map(([bytes, isStruct]) => ({ bytes, isStruct })))).toBe(expected);
});

describe("flags", () => {
  const names = (given: Parameters<typeof trampFlags>): string =>
    Object.entries(trampFlags(...given))
      .flatMap(([name, on]) => (on ? [name] : []))
      .join(" ");

  test.each<[string, Parameters<typeof trampFlags>, string]>([
    ["only before the function", [links({ fentry: [link()] })], "restoreRegs"],
    ["behind it", [links({ fexit: [link()] })], "callOrig skipFrame"],
    ["in place of it", [links({ fentry: [link()], fmodRet: [link()] })], "callOrig skipFrame"],
    ["with its address", [links({ fexit: [link()] }), { ipArg: true }], "callOrig skipFrame ipArg"],
    ["struct_ops", [links({ fentry: [link()], structOps: true })], ""],
    ["struct_ops with a result", [links({ fentry: [link()], structOps: true }), { returns: true }], "retFentryRet"],
  ])("%s", (_, given, expected) => {
    expect(names(given)).toBe(expected);
  });
});

test.each([
  [{ recursionChecked: true, sleepable: false, lsmCgroup: false }, "recur"],
  [{ recursionChecked: true, sleepable: true, lsmCgroup: true }, "sleepableRecur"],
  [{ recursionChecked: false, sleepable: true, lsmCgroup: true }, "lsmCgroup"],
  [{ recursionChecked: false, sleepable: true, lsmCgroup: false }, "sleepable"],
  [{ recursionChecked: false, sleepable: false, lsmCgroup: false }, "plain"],
] as const)("around a program %o: %s", (fields, entry) => {
  expect(bpfTrampolineEnterExit(ENV, link(fields))).toBe(ENV.prog[entry]);
});

describe("frame", () => {
  const NONE = { restoreRegs: true, callOrig: false, skipFrame: false, ipArg: false, retFentryRet: false };

  test("run context, number of registers, arguments, saved registers", () => {
    expect(trampFrame(2, NONE)).toMatchObject({
      nregsAt: 16,
      args: 24,
      regs: 40,
      bytes: 64,
      retaddr: 72,
      saveRet: false,
    });
  });

  test("a result and the function's address take a word each", () => {
    expect(trampFrame(8, { ...NONE, callOrig: true, ipArg: true })).toMatchObject({
      ip: 16,
      nregsAt: 24,
      args: 32,
      retval: 96,
      regs: 104,
      bytes: 128,
      retaddr: 136,
    });
    expect(trampFrame(0, { ...NONE, retFentryRet: true })).toMatchObject({ args: 24, retval: 24, regs: 32, bytes: 48 });
  });
});
