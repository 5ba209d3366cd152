import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { missing } from "./module.js";

const ASSEMBLY = new URL("assembly/", import.meta.url);
const BUILT_FROM = new URL("../../dist/engines/wasm/a64.sources", import.meta.url);

test("the interpreter is built, and from these sources", () => {
  expect(missing()).toBeUndefined();
  const sources = readdirSync(ASSEMBLY).filter((name) => name.endsWith(".ts"));
  const hash = createHash("sha256");
  for (const name of sources.sort()) hash.update(readFileSync(new URL(name, ASSEMBLY)));
  hash.update(readFileSync(new URL("layout.ts", import.meta.url)));
  expect(readFileSync(BUILT_FROM, "utf8"), "run `npm run build:wasm`").toBe(hash.digest("hex"));
});
