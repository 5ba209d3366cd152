import { existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, expect, test } from "vitest";
import { writeWhole } from "./output-file.js";

let directory: string;
const at = (name: string): string => path.join(directory, name);
/** Where `writeWhole` writes before it renames. */
const temporary = (name: string): string => at(`.${name}.${process.pid}.tmp`);

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "roxcheck-output-"));
});

test("a file is there with its whole content, and nothing else is", () => {
  writeWhole(at("report"), "first");
  writeWhole(at("report"), "second");
  expect(readFileSync(at("report"), "utf8")).toBe("second");
  expect(readdirSync(directory)).toEqual(["report"]);
});

test("what a process of the same number left behind is replaced", () => {
  writeFileSync(temporary("report"), "half of someth");
  writeWhole(at("report"), "all of it");
  expect(readFileSync(at("report"), "utf8")).toBe("all of it");
  expect(existsSync(temporary("report"))).toBe(false);
});

test("a link that somebody put there is replaced, and what it leads to is left alone", () => {
  writeFileSync(at("precious"), "as it was");
  symlinkSync(at("precious"), temporary("report"));
  symlinkSync(at("precious"), at("report"));
  writeWhole(at("report"), "new");
  expect(readFileSync(at("precious"), "utf8")).toBe("as it was");
  expect(readFileSync(at("report"), "utf8")).toBe("new");
});

test("where nothing can be written an error says so, and nothing is left", () => {
  expect(() => writeWhole(at("no-such-directory/report"), "x")).toThrow(/ENOENT/);
  expect(readdirSync(directory)).toEqual([]);
});
