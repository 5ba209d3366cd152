// The compiler writes plain files; the command of the package has to be executable.
import { chmodSync } from "node:fs";

chmodSync(new URL("../dist/cli/rox.js", import.meta.url), 0o755);
