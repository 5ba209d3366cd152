// After a build: make the command executable, write its man page, and put it where `npx rox` looks first, as if this package were installed.

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../dist/bundle/rox.js", import.meta.url));
const commands = fileURLToPath(new URL("../node_modules/.bin/", import.meta.url));

chmodSync(command, 0o755);
writeFileSync(
  fileURLToPath(new URL("../dist/rox.1", import.meta.url)),
  execFileSync(process.execPath, [command, "man"]),
);
if (existsSync(commands)) {
  rmSync(`${commands}rox`, { force: true });
  symlinkSync("../../dist/bundle/rox.js", `${commands}rox`);
}
