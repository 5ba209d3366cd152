// After a build: make the command executable and put it where `npx rox` looks first, as if this package were installed.

import { chmodSync, existsSync, rmSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../dist/cli/rox.js", import.meta.url));
const commands = fileURLToPath(new URL("../node_modules/.bin/", import.meta.url));

chmodSync(command, 0o755);
if (existsSync(commands)) {
  rmSync(`${commands}rox`, { force: true });
  symlinkSync("../../dist/cli/rox.js", `${commands}rox`);
}
