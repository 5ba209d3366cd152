// Compile the interpreter of engines/wasm. Its one output lies beside the compiled engine, where the package finds it.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(`${root}dist/engines/wasm`, { recursive: true });
const options = "--runtime stub --noAssert --importMemory --optimizeLevel 3 --shrinkLevel 0 --converge";
const { error, stdout, stderr } = await asc.main(
  [
    "engines/wasm/assembly/index.ts",
    ...options.split(" "),
    "--outFile",
    "dist/engines/wasm/a64.wasm",
    ...process.argv.slice(2),
  ],
  {},
);
process.stdout.write(stdout.toString());
process.stderr.write(stderr.toString());
if (error) process.exitCode = 1;
