// After the compiler: the command, and the worker of its campaigns, as few files: Node starts them in half the time that it
// takes to find and link some five hundred. What plants bugs in compiled files starts dist/cli/rox.js, which is not bundled.
// Usage: node scripts/bundle.mjs   (needs dist/)
import { chmodSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const BUNDLE = path.join(DIST, "bundle");
const MANIFEST = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
// Packages of others look for files beside themselves: the compiler that `rox mutants --automatic` asks is one.
const OTHERS = [MANIFEST.dependencies, MANIFEST.devDependencies].flatMap((names) => Object.keys(names));
const ENTRIES = { rox: "cli/rox.js", worker: "harness/loop/worker.js" };

/** A URL that a module states relative to itself stays that of the file beside the module, or becomes the bundled entry's. */
const places = {
  name: "places",
  transform(code, id) {
    if (!id.startsWith(DIST) || !code.includes("import.meta.url")) return undefined;
    const own = path.relative(DIST, id);
    const bundled = Object.entries(ENTRIES).reduce((text, [name, file]) => {
      const relative = path.relative(path.dirname(own), file);
      const stated = `new URL("${relative.startsWith(".") ? relative : `./${relative}`}", import.meta.url)`;
      return text.replaceAll(stated, `new URL("./${name}.js", import.meta["url"])`);
    }, code);
    const place = `new URL(${JSON.stringify(`../${own}`)}, import.meta["url"]).href`;
    return { code: bundled.replaceAll("import.meta.url", place), map: null };
  },
};

rmSync(BUNDLE, { recursive: true, force: true });
const bundle = await rolldown({
  input: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, path.join(DIST, file)])),
  external: (id) => OTHERS.some((name) => id === name || id.startsWith(`${name}/`)),
  platform: "node",
  plugins: [places],
});
const { output } = await bundle.write({
  dir: BUNDLE,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
});
await bundle.close();
const foreign = output.flatMap(({ moduleIds = [] }) => moduleIds).find((id) => id.includes("/node_modules/"));
if (foreign !== undefined) throw new Error(`bundled, though it is no file of ours: ${path.relative(DIST, foreign)}`);
chmodSync(path.join(BUNDLE, "rox.js"), 0o755);
