// A campaign's real parts: generator, stage and the recorder of cells, on an engine. A worker makes them once.

import type { Engine } from "../../engines/engine.js";
import { engineByName } from "../../engines/index.js";
import { CaseArbitrary } from "../../properties/arbitraries/case-arbitrary.js";
import { CellRecorder } from "../../properties/cells/cells.js";
import { type Bench, checkCase, makeBench } from "../../properties/check.js";
import { checkOrCrash } from "../check-or-crash.js";
import { randomSource } from "../gate/random-source.js";
import type { FuzzTrials } from "./chunk.js";

/** @throws Error if there is no such engine: the command has checked the name. */
export function fuzzTrials(engineName: string): FuzzTrials {
  const engine = engineByName(engineName);
  if (engine === undefined) throw new Error(`no engine is called ${engineName}`);
  const arbitrary = new CaseArbitrary();
  const recorder = new CellRecorder();
  let bench = watched(engine, recorder);
  return {
    fresh: (seed, index) => arbitrary.generate(randomSource(seed, index)).value,
    check(c) {
      recorder.clear();
      const checked = checkOrCrash(c, (value) => guarded(() => checkCase(value, bench, recorder.count)));
      return { checked, cells: recorder.cells(c, checked) };
    },
    judge: (c) => guarded(() => checkCase(c, bench)),
  };

  /** After an exception, which may have left anything behind, a new stage is made. */
  function guarded<T>(check: () => T): T {
    try {
      return check();
    } catch (error) {
      bench = watched(engine!, recorder);
      throw error;
    }
  }
}

function watched(engine: Engine, recorder: CellRecorder): Bench {
  const bench = makeBench({ engines: [engine] });
  return { ...bench, subject: recorder.watch(bench.subject) };
}
