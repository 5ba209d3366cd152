// The commands, in the order in which help shows them.

import type { Define } from "../command.js";
import { defineConform } from "./conform.js";
import { defineCorpus } from "./corpus.js";
import { defineCost } from "./cost.js";
import { defineFuzz } from "./fuzz.js";
import { defineGate } from "./gate.js";
import { defineGolden } from "./golden.js";
import { defineHistory } from "./history.js";
import { defineJit } from "./jit.js";
import { defineLinux } from "./linux.js";
import { defineMutants } from "./mutants.js";
import { definePack } from "./pack.js";
import { definePlugin } from "./plugin.js";
import { defineReplay } from "./replay.js";
import { defineReport } from "./report.js";
import { defineRun } from "./run.js";
import { defineTlb } from "./tlb.js";

export const COMMANDS: readonly Define[] = [
  defineRun,
  defineJit,
  defineHistory,
  definePack,
  defineConform,
  defineGolden,
  defineGate,
  defineFuzz,
  defineReport,
  defineReplay,
  defineCorpus,
  defineMutants,
  defineLinux,
  defineCost,
  defineTlb,
  definePlugin,
];
