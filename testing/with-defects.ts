// Our own code as it is with some of the defects of Linux.

import { defaultSubject } from "../subjects/index.js";
import type { QuirkId, Subject } from "../subjects/subject.js";

/** Our own code with these defects, and no others, whatever a history says of them. */
export const withDefects = (ids: readonly QuirkId[]): Subject => ({
  ...defaultSubject,
  boot(options) {
    const kernel = defaultSubject.boot(options);
    const load = kernel.loadProgram.bind(kernel);
    kernel.loadProgram = (functions) => {
      const quirks = { ...kernel.env.quirks, ...Object.fromEntries(ids.map((id) => [id, true])) };
      kernel.env = { ...kernel.env, quirks };
      return load(functions);
    };
    return kernel;
  },
});
