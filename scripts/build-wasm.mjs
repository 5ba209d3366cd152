// Compile what is written in AssemblyScript. The output lies beside the compiled module that loads it, where the package finds
// it, and beside that the hash of the sources that it is made of, so that a test can tell when it is out of date.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const MODULES = [
  { folder: "engines/wasm", name: "a64" },
  { folder: "spec/compiled", name: "bpf" },
];
const OPTIONS = "--runtime stub --noAssert --importMemory --optimizeLevel 3 --shrinkLevel 0 --converge";

for (const { folder, name } of MODULES) {
  const sources = `${folder}/assembly`;
  const output = `dist/${folder}`;
  mkdirSync(output, { recursive: true });
  const files = [`${sources}/index.ts`, "--outFile", `${output}/${name}.wasm`];
  const { error, stdout, stderr } = await asc.main([...files, ...OPTIONS.split(" "), ...process.argv.slice(2)]);
  process.stdout.write(stdout.toString());
  process.stderr.write(stderr.toString());
  if (error) {
    process.exitCode = 1;
    continue;
  }
  const names = readdirSync(sources).filter((file) => file.endsWith(".ts"));
  const hash = createHash("sha256");
  for (const file of names.sort()) hash.update(readFileSync(`${sources}/${file}`));
  hash.update(readFileSync(`${folder}/layout.ts`));
  writeFileSync(`${output}/${name}.sources`, hash.digest("hex"));
}
