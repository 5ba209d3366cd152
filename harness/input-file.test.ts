import { mkdirSync, mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { badInputLine } from "./bad-input.js";
import { findFiles, readInputFile, readTextFile } from "./input-file.js";
import { LIMITS } from "./limits.js";

const scratch = (): string => mkdtempSync(path.join(tmpdir(), "rox-input-"));
const write = (directory: string, name: string, content: string | Uint8Array): string => {
  const file = path.join(directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
};

test("a missing file, a directory and a file over the limit are refused with what got", () => {
  const directory = scratch();
  expect(readInputFile(path.join(directory, "none"))).toMatchObject({ ok: false, error: { got: "no such file" } });
  expect(readInputFile(directory)).toMatchObject({ ok: false, error: { got: "a directory" } });
  const big = write(directory, "big", "");
  truncateSync(big, LIMITS.file.start + 1);
  expect(readInputFile(big)).toMatchObject({ ok: false, error: { got: `${LIMITS.file.start + 1} bytes` } });
});

test("what is read is plain bytes, of which a slice is a copy", () => {
  const file = write(scratch(), "x.bin", Uint8Array.of(1, 2));
  const read = readInputFile(file);
  if (!read.ok) throw new Error(read.error.got);
  read.value.slice()[0] = 9;
  expect(read.value).toEqual(Uint8Array.of(1, 2));
});

test("bytes that are not text are refused as text, and never reach the terminal", () => {
  const file = write(scratch(), "x.bpf", Uint8Array.of(0xff, 0x00, 0x1b));
  expect(readTextFile(file)).toMatchObject({ ok: false, error: { got: "3 bytes that are not text" } });
  expect(badInputLine({ subject: "a\u001b[2Jb", expected: "x\ny", got: "z", next: "w" })).toBe(
    "a\\x1b[2Jb: expected x y, got z; w",
  );
});

test("directories are searched in name order, files named outright are taken, missing ones are listed", () => {
  const directory = scratch();
  const b = write(directory, "b.data", "");
  const a = write(directory, "a/z.data", "");
  const other = write(directory, "c.txt", "");
  write(directory, ".hidden/x.data", "");
  const missing = path.join(directory, "missing");
  expect(findFiles([directory, other, missing, b], [".data"])).toMatchObject({
    files: [a, b, other],
    refused: [{ subject: missing }],
  });
});
