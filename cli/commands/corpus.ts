// `rox corpus`: keeping the lessons.

import type { Define } from "../command.js";

export const defineCorpus: Define = () => {};
