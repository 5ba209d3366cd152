// Imported first in a child process: from here on the mutant's files are loaded in place of the originals.

import { register } from "node:module";

register("./load-hook.js", import.meta.url, { data: JSON.parse(process.env.ROX_REPLACEMENTS ?? "{}") });
