// The third engine: Unicorn, whose meaning of A64 is QEMU's and so owes nothing to this project. The library runs words;
// the caller's rules of `../engine.ts` are kept around it, see `run.ts`.

import type { Engine } from "../engine.js";
import { loadUnicorn } from "./library.js";
import { Run } from "./run.js";
import { withSession } from "./session.js";

export const unicornEngine: Engine = {
  name: "unicorn",
  unavailable() {
    const load = loadUnicorn();
    return load.ok ? undefined : load.why;
  },
  run(run) {
    const load = loadUnicorn();
    if (!load.ok) throw new Error(load.why);
    return withSession(load.library, run.machine, (session) => new Run(session, run).toEnd());
  },
};
