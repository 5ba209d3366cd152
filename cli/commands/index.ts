// The commands, in the order in which help shows them.

import type { Define } from "../command.js";
import { defineConform } from "./conform.js";
import { defineGate } from "./gate.js";
import { defineGolden } from "./golden.js";

export const COMMANDS: readonly Define[] = [defineConform, defineGolden, defineGate];
