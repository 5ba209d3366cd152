import { expect, test } from "vitest";
import { wasmEngine } from "../../../engines/wasm/engine.js";
import { defaultSubject } from "../../../subjects/index.js";
import type { Subject } from "../../../subjects/subject.js";
import { TRAMPOLINES } from "./index.js";

const NONE = { sessions: false, stackWords: false, stackStructs: false };

/** Our own code, said to be of a kernel with some of these. */
const subject = (changes: Partial<typeof NONE>, passesStructs = true): Subject =>
  ({ ...defaultSubject, build: { changes: { ...NONE, ...changes } }, passesStructs: () => passesStructs }) as Subject;

const verdictOf = (text: string, on: Subject) => {
  const read = TRAMPOLINES.parse(text);
  if (!read.ok) throw new Error(read.error.message);
  return TRAMPOLINES.checker(on, [wasmEngine]).check(read.value).verdict;
};
const nearFunction = (args: string, attached = "fexit    starts at 3, returns 7"): string =>
  `near function(${args}) = 11\n${attached}\n`;
const NINE = "u64 1, u64 2, u64 3, u64 4, u64 5, u64 6, u64 7, u64 8, u64 9";

test.each([
  ["a struct", nearFunction("struct 16 1 2, u32 3"), {}, false, "structs as arguments of a traced function"],
  ["nine words", nearFunction(NINE), {}, true, "words on the stack as arguments of a traced function"],
  [
    "a struct on the stack",
    nearFunction("u64 1, u64 2, u64 3, u64 4, u64 5, u64 6, u64 7, struct 16 8 9"),
    { stackWords: true },
    true,
    "structs on the stack as arguments of a traced function",
  ],
])("%s, where a kernel takes none, is no counterexample", (_, text, changes, passesStructs, missing) => {
  expect(verdictOf(text, subject(changes, passesStructs))).toEqual({ kind: "refused", missing });
});

test("where it takes them they are tried", () => {
  expect(verdictOf(nearFunction("struct 16 1 2, u32 3"), defaultSubject)).toEqual({ kind: "agree" });
  expect(verdictOf(nearFunction(NINE), defaultSubject)).toEqual({ kind: "agree" });
});
