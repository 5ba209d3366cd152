// The real parts of a conformance run: the file reader and the stage.

import { refuse } from "../bad-input.js";
import type { ConformParts } from "./conform.js";

export const conformParts = (): ConformParts => ({
  load: (subject) => refuse({ subject, expected: "a reader", came: "a file", next: "wait" }),
  check: () => {
    throw new Error("no stage yet");
  },
});
