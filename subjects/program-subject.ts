// A subject that is no kernel: it takes programs, one at a time, and knows nothing of packs, text poke or trampolines.
// Either it hands out images, which run on our engines, or it runs programs itself and tells r0.

import type { Engine } from "../engines/engine.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { Layout, Program } from "../spec/bpf/program.js";
import type { Facts } from "../spec/bpf/validate/validate.js";
import type { CaseEnv } from "./case.js";
import type { Deviation } from "./deviation.js";
import type { Dialect } from "./dialect.js";
import type { Subject } from "./subject.js";

export interface ProgramSubject {
  /** As `--subject` takes it. */
  readonly name: string;
  /** Oracles that say nothing of this subject, and why. */
  readonly mute: ReadonlyMap<string, string>;
  /** Kinds of cases and parts of the gate that mean nothing for it, and why. */
  readonly untried: ReadonlyMap<string, string>;
  /** The generator draws inside it. */
  readonly dialect: Dialect;
  readonly deviations: readonly Deviation[];
  /** What more a summary has to say of it, a line each. */
  readonly notes: readonly string[];
  /** Start it once, as far as that tells something. @returns why it can be asked nothing at all, in one line */
  unready?(): string | undefined;
  /**
   * Ready to take programs: what it starts is started when it is first asked.
   * @param engine what runs images
   */
  open(engine: Engine): ProgramHost;
}
export type AnySubject = Subject | ProgramSubject;

export const isKernel = (subject: AnySubject): subject is Subject => "boot" in subject;

/** A program that is valid. */
export interface HostedCase {
  readonly program: Program;
  readonly facts: Facts;
  readonly env: CaseEnv;
  /** What it will be run on. */
  readonly inputs: readonly Uint8Array[];
}

/** Takes programs one by one. After a failure it is as good as new. */
export interface ProgramHost {
  /** The same program may be asked for again, as all runs of shrinking do. */
  load(tried: HostedCase): ProgramLoad;
  /** Programs that will be loaded next, in order: whoever can works ahead. */
  announce?(cases: readonly HostedCase[]): void;
  close(): void;
}

export type ProgramLoad =
  | { readonly kind: "loaded"; readonly program: HostedProgram }
  /** Not for this subject, with the reason: counted, and named in every summary. */
  | { readonly kind: "notAccepted"; readonly why: string }
  /** A valid program that the JIT refuses. */
  | { readonly kind: "refused"; readonly why: string }
  /** The subject broke: it ended, hung, or answered nonsense. `what`: in words without numbers. */
  | { readonly kind: "broken"; readonly what: string; readonly why: string };

/** What a helper was called with: a number for each register that was looked at. */
export interface HelperCall {
  readonly number: number;
  /** x0 to x7. */
  readonly x: BigUint64Array;
}

export interface HostedRun {
  readonly outcome: Outcome;
  /** A rule of the calling convention that was broken on return. */
  readonly violated: string | undefined;
  readonly calls: readonly HelperCall[];
  /** A64 instructions. */
  readonly executed: number;
}

export interface HostedProgram {
  /** A64 words. */
  readonly words: number;
  /** Where everything lies for a run on so many bytes. */
  layout(inputBytes: number): Layout;
  /** What can be compared: all, all but the frame, whose place nobody knows, or the result alone. */
  readonly sees: "all" | "memory" | "r0";
  /** Of a subject with addresses of its own: another layout, where everything lies elsewhere. */
  elsewhere?(inputBytes: number): Layout;
  /** What helpers get beside their arguments: register, value. */
  extras(layout: Layout, inputBytes: number, helper: number): readonly (readonly [register: number, value: bigint])[];
  run(input: Uint8Array, layout: Layout, engine: Engine, fuel: number): HostedRun;
}

/** Kinds and parts that are left out with a subject, and what its summaries have to say, a line each. */
export function notTried(subject: AnySubject): {
  readonly untried: ReadonlyMap<string, string>;
  readonly lines: readonly string[];
} {
  const { name, untried = NOTHING } = subject;
  const notes = isKernel(subject) ? [] : subject.notes;
  return {
    untried,
    lines: [...[...untried].map(([part, why]) => `${part}, which ${name} is not asked: ${why}`), ...notes],
  };
}

const NOTHING: ReadonlyMap<string, string> = new Map();
