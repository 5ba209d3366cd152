// docs/library.md shows the examples as they are run.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.dirname(import.meta.dirname);
const shown = [
  ...readFileSync(path.join(ROOT, "docs/library.md"), "utf8").matchAll(/<!-- (\S+) -->\n\n```ts\n([\s\S]*?)```\n/g),
].map(([, file = "", code = ""]) => ({ file, code }));

test("all examples are shown", () => {
  const files = readdirSync(path.join(ROOT, "library/examples")).filter((name) => name.endsWith(".test.ts"));
  expect(shown.map(({ file }) => path.basename(file)).sort()).toEqual(files.sort());
  expect(files.length).toBeGreaterThanOrEqual(5);
});

test.each(shown)("$file is shown as it is", ({ file, code }) => {
  expect(code).toBe(readFileSync(path.join(ROOT, file), "utf8"));
});
