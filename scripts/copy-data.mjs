// After the compiler: the data files that lie beside the sources go to the same places of the compiled tree.
// Usage: node scripts/copy-data.mjs [DIRECTORY]   (default: dist)
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDERS = ["spec", "machine", "impl", "engines", "subjects", "properties", "harness", "cli"];
const EXTENSIONS = [".css", ".js", ".json", ".workload"];

const output = path.resolve(process.argv[2] ?? path.join(ROOT, "dist"));
for (const folder of FOLDERS.filter((name) => existsSync(path.join(ROOT, name)))) {
  for (const name of readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })) {
    if (!EXTENSIONS.includes(path.extname(name)) || path.basename(name) === "tsconfig.json") continue;
    const to = path.join(output, folder, name);
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(path.join(ROOT, folder, name), to);
  }
}
