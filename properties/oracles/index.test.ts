import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ORACLES } from "./index.js";

test("docs/oracles.md says what each oracle says of itself", () => {
  const doc = readFileSync(new URL("../../docs/oracles.md", import.meta.url), "utf8");
  for (const { name, statement, source } of ORACLES) expect(doc).toContain(`| ${name} | ${statement} | ${source} |`);
});
