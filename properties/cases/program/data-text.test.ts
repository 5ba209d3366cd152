import { describe, expect, test } from "vitest";
import { interpret } from "../../../spec/bpf/interpret.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { checkCase, makeChecker } from "./check.js";
import { caseIdentity, parseCase, printCase } from "./text.js";

const FILLED = `# map: array value=8 entries=4 name=totals
# map: hash key=4 value=2 entries=3
# element: map 0, 2 = 2a zero 7 # the third
# element: map 1, 05 00 00 00 = 01 02
# input: zero 8

r1 = map_fd 0 ll
*(u32 *)(r10 - 4) = 2
r2 = r10
r2 += -4
call 1
if r0 == 0 goto +1
r0 = *(u64 *)(r0 + 0)
exit
`.replace(" # the third", "");

const read = (text: string) => {
  const parsed = parseCase(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};

describe("what a map holds at first", () => {
  test("is a part of the text, and of what the case is", () => {
    const value = read(FILLED);
    expect(read(printCase(value))).toEqual(value);
    const other = read(FILLED.replace("2a zero 7", "2b zero 7"));
    expect(caseIdentity(other, {})).not.toBe(caseIdentity(value, {}));
    // A name is for the reader.
    expect(caseIdentity(read(FILLED.replace(" name=totals", "")), {})).toBe(caseIdentity(value, {}));
  });

  test("is seen by the interpreter and by the compiled code", () => {
    const c = read(FILLED);
    const { program, inputs } = c;
    expect(interpret({ program, input: inputs[0]!, layout: layoutOf(program, 8), fuel: 100 })).toMatchObject({
      r0: 42n,
    });
    const report = checkCase(c, makeChecker());
    expect(report).toMatchObject({ kind: "checked", verdict: { kind: "agree" }, runs: [{ got: { r0: 42n } }] });
  });

  test.each([
    ["map 0, 4 = zero 8", "element 4 of an array of 4"],
    ["map 0, x = zero 8", 'expected an index before =, got "x"'],
    ["map 0, 1 = 2a", "a value of 1 bytes, expected 8"],
    ["map 1, 05 = 01 02", "a key of 1 bytes, expected 4"],
    ["map 2, 0 = 00", "an element of map 2, but 2 maps before it"],
    ["2a", 'expected an element as in map 0, 2 = aa bb zero 6, got "2a"'],
  ])("%s is refused", (element, message) => {
    const parsed = parseCase(FILLED.replace("map 0, 2 = 2a zero 7", element));
    expect(!parsed.ok && parsed.error.message).toBe(`line 3: ${message}`);
  });
});
