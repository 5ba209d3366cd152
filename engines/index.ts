// The engines, the default one first.

import type { Engine } from "./engine.js";
import { referenceEngine } from "./reference/engine.js";
import { unicornEngine } from "./unicorn/engine.js";
import { wasmEngine } from "./wasm/engine.js";

export const ENGINES: readonly Engine[] = [wasmEngine, referenceEngine, unicornEngine];

/** @returns undefined if there is none of that name. */
export const engineByName = (name: string): Engine | undefined => ENGINES.find((engine) => engine.name === name);

/** The first that can run here. */
export const defaultEngine = (): Engine =>
  ENGINES.find((engine) => engine.unavailable() === undefined) ?? referenceEngine;
