// All encoders. Adding one is a row in its file.

import { CONTROL } from "./control.js";
import { DATA } from "./data.js";
import type { Form } from "./form.js";
import { LOGICAL } from "./logical.js";
import { MEMORY } from "./memory.js";

export const FORMS: readonly Form[] = [...DATA, ...LOGICAL, ...MEMORY, ...CONTROL];
