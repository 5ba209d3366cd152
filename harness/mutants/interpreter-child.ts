// What a child process runs: builds compiled interpreters, one after the other. The compiler of AssemblyScript changes what
// arrays and numbers of its process do, such as the order in which `sort()` puts them, so nothing else may run there.

import { writeFileSync } from "node:fs";
import { buildInterpreter, type InterpreterOrder } from "./interpreter.js";

process.on("message", async ({ root, variants }: InterpreterOrder) => {
  for (const { id, files, output } of variants) {
    const built = await buildInterpreter(root, new Map(files));
    if ("binary" in built) writeFileSync(output, built.binary);
    process.send?.({ id, complaint: "complaint" in built ? built.complaint : undefined });
  }
  process.disconnect();
});
