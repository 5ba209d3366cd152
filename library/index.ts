// The package for people who use fast-check and vitest: `import { ... } from "roxcheck"`. docs/library.md shows it at work;
// docs/library-api.txt lists all that is promised.

export { Refusal } from "../harness/bad-input.js";
export { ORACLES } from "../properties/oracles/index.js";
export type { Oracle } from "../properties/oracles/oracle.js";
export type { Disagreement, Verdict } from "../properties/verdict.js";
export type { Outcome } from "../spec/bpf/outcome.js";
export type { History, HistoryOptions } from "../subjects/action.js";
export type { Case } from "../subjects/case.js";
export type { Scene, Step } from "../subjects/step.js";
export { history, type ProgramOptions, program } from "./arbitraries.js";
export { type Checked, type CheckOptions, check, describeChecked, reference, type Tested } from "./check.js";
export { type CorpusEntry, corpus } from "./corpus.js";
export { type MatcherResult, toMatchReference } from "./matcher.js";
export { type Engine, engine, engines, type Subject, subject } from "./subjects.js";
export { instructionsOf, parseHistory, parseProgram, print, programOf } from "./text.js";
