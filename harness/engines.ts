// Which engines run the code: the one that was asked for, all that are there, or the fastest that is there.

import type { Engine } from "../engines/engine.js";
import { defaultEngine, ENGINES, engineByName } from "../engines/index.js";
import { type Loaded, loaded, refuse } from "./bad-input.js";

export const ENGINE_CHOICES = [...ENGINES.map(({ name }) => name), "all"];

interface EngineChoice {
  readonly engines: readonly Engine[];
  /** One sentence for each engine that was wanted and is not there; the run goes on without it. */
  readonly absent: readonly string[];
}

/** @param name one of `ENGINE_CHOICES`, or undefined for the default. */
export function chooseEngines(name: string | undefined): Loaded<EngineChoice> {
  if (name === undefined) return loaded({ engines: [defaultEngine()], absent: [] });
  if (name === "all") {
    const isThere = (engine: Engine): boolean => engine.unavailable() === undefined;
    const absent = ENGINES.filter((engine) => !isThere(engine)).map(
      (e) => `${e.name} does not run: ${e.unavailable()}`,
    );
    return loaded({ engines: ENGINES.filter(isThere), absent });
  }
  const engine = engineByName(name);
  const why = engine === undefined ? "there is no such engine" : engine.unavailable();
  if (engine !== undefined && why === undefined) return loaded({ engines: [engine], absent: [] });
  const expected = `an engine that can run here (${ENGINE_CHOICES.join(", ")})`;
  return refuse({ subject: `--engine ${name}`, expected, got: `${why}`, next: "install it or choose another" });
}
