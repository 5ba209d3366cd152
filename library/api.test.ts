// Whoever changes what the package promises sees it in docs/library-api.txt. `ROX_WRITE_API=1` writes it anew.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { apiReport } from "../testing/api-report.js";

const ROOT = path.dirname(import.meta.dirname);
const REPORT = path.join(ROOT, "docs/library-api.txt");

/** What an oracle may look at, but nobody builds: the machine, its kernel, the instruction tables. */
const isInside = (file: string): boolean =>
  /^(impl|machine|engines|spec\/(bpf\/(isa|insn)|pack|text))\b|^subjects\/subject/.test(file);

test("the package promises what docs/library-api.txt says", () => {
  const out = mkdtempSync(path.join(tmpdir(), "rox-api-"));
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const options = ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--declaration", "--outDir", out];
  execFileSync(process.execPath, [tsc, ...options, "--sourceMap", "false"], { cwd: ROOT });
  const report = apiReport(out, ["library/index.d.ts"], isInside);
  if (process.env.ROX_WRITE_API !== undefined) writeFileSync(REPORT, report);
  expect(report, "docs/library-api.txt is not what is exported: see ROX_WRITE_API").toBe(readFileSync(REPORT, "utf8"));
});

test("a declaration that is reached only from others is in it, and a change of it is a change", () => {
  const out = mkdtempSync(path.join(tmpdir(), "rox-api-"));
  const write = (width: string): void => {
    writeFileSync(path.join(out, "a.d.ts"), 'export { type B } from "./b.js";\nexport declare const own: number;\n');
    writeFileSync(
      path.join(out, "b.d.ts"),
      `interface Inner {\n    readonly width: ${width};\n}\n/** B. */\nexport interface B {\n    readonly inner: Inner;\n}\nexport {};\n`,
    );
  };
  write("8");
  const before = apiReport(out, ["a.d.ts"]);
  expect(before).toContain("interface Inner {\n    readonly width: 8;\n}");
  expect(before).toContain("export declare const own: number;");
  write("16");
  expect(apiReport(out, ["a.d.ts"])).not.toBe(before);
});
