// `import "roxcheck/vitest"`, once, in a test or in a setup file.

import { expect } from "vitest";
import type { CheckOptions } from "./check.js";
import { toMatchReference } from "./matcher.js";

expect.extend({ toMatchReference });

declare module "vitest" {
  interface Matchers<T> {
    /** See `toMatchReference` of `roxcheck`. */
    toMatchReference(options?: CheckOptions): void;
  }
}
