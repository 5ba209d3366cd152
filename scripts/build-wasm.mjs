// Compile the interpreter of engines/wasm. Its output lies beside the compiled engine, where the package finds it, and
// beside that the hash of the sources that it is made of, so that a test can tell when it is out of date.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const SOURCES = "engines/wasm/assembly";
const OUTPUT = "dist/engines/wasm";
const OPTIONS = "--runtime stub --noAssert --importMemory --optimizeLevel 3 --shrinkLevel 0 --converge";

mkdirSync(OUTPUT, { recursive: true });
const files = [`${SOURCES}/index.ts`, "--outFile", `${OUTPUT}/a64.wasm`];
const { error, stdout, stderr } = await asc.main([...files, ...OPTIONS.split(" "), ...process.argv.slice(2)]);
process.stdout.write(stdout.toString());
process.stderr.write(stderr.toString());
if (error) process.exitCode = 1;
else {
  const names = readdirSync(SOURCES).filter((name) => name.endsWith(".ts"));
  const hash = createHash("sha256");
  for (const name of names.sort()) hash.update(readFileSync(`${SOURCES}/${name}`));
  hash.update(readFileSync("engines/wasm/layout.ts"));
  writeFileSync(`${OUTPUT}/a64.sources`, hash.digest("hex"));
}
