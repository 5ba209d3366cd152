import { expect, test } from "vitest";
import { changedBytes } from "./changed-memory.js";

test("bytes that differ from the input, and written stack bytes below r10", () => {
  const context = Uint8Array.of(1, 2, 9, 4);
  const stack = new Uint8Array(32);
  stack.set([0xaa, 0xbb], 24);
  stack[2] = 7;
  const written = new Uint8Array(32).fill(1);
  written[2] = 0;
  const regions = [
    { name: "context", bytes: context },
    { name: "stack", bytes: stack, written },
    { name: "map 0", bytes: new Uint8Array(4) },
  ];
  expect(changedBytes(regions, Uint8Array.of(1, 2, 3, 4))).toEqual([
    { region: "context", at: 2, bytes: Uint8Array.of(9) },
    { region: "stack", at: -8, bytes: Uint8Array.of(0xaa, 0xbb) },
  ]);
});
