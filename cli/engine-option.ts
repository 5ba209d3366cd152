// `--engine`, which every command that runs code has.

import { Option } from "commander";
import type { Engine } from "../engines/engine.js";
import { chooseEngines, ENGINE_CHOICES } from "../harness/engines.js";
import { complain } from "./command.js";
import type { Io } from "./io.js";

export const engineOption = (): Option =>
  new Option("--engine <name>", "what runs the A64 code (default: the fastest that is there)").choices(ENGINE_CHOICES);

/** The engines, with one line on stderr for each that is not there; undefined if none is left, and then that was said. */
export function enginesFor(io: Io, name: string | undefined): readonly Engine[] | undefined {
  const choice = chooseEngines(name);
  if (!choice.ok) {
    complain(io, choice.error);
    return undefined;
  }
  for (const sentence of choice.value.absent) io.err(`rox: engine ${sentence}\n`);
  return choice.value.engines;
}
