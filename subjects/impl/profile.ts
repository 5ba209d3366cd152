// The subject `impl` in the profile of a version of Linux: the code that its JIT emits, without the defects that it has.

import { compileImages } from "../../impl/jit/compile.js";
import { envWith, type JitEnv, linuxEnv } from "../../impl/jit/env.js";
import type { JitFunction } from "../../impl/jit/function.js";
import { measure } from "../../impl/jit/passes.js";
import { linuxProfile } from "../../impl/quirks.js";
import type { TrampolineEnv } from "../../impl/trampoline/env.js";
import type { Version } from "../../impl/versions.js";
import { ROWS, type Row } from "../../spec/bpf/isa.js";
import { lazily } from "../../spec/lazily.js";
import { isNeverLone, loneForm, MISSING_ARGUMENTS, missingForm } from "../lone-form.js";
import { registersOf } from "../lowering.js";
import { NotModelled } from "../not-modelled.js";
import { CALL_BASE, DUMMY_TRAMPOLINE } from "../run/layout.js";
import type { BootOptions, KernelBuild, LoadResult, Subject, SubjectTrampolines } from "../subject.js";
import { impl } from "./index.js";
import { ImplKernel } from "./kernel.js";

/** What stays the same whatever the kernel is asked to compile for. */
type Own = Pick<JitEnv, "offsets" | "changes">;

class ProfileKernel extends ImplKernel {
  constructor(
    private readonly own: Own,
    private readonly lacking: (functions: readonly JitFunction[]) => string | undefined,
    options: BootOptions,
  ) {
    super({ ...options, ...(options.env && { env: envWith(options.env, own) }) });
    this.env = envWith(this.env, own);
  }
  override loadProgram(functions: readonly JitFunction[]): LoadResult {
    this.env = envWith(this.env, this.own);
    const result = super.loadProgram(functions);
    const what = result.ok ? undefined : this.lacking(functions);
    return result.ok || what === undefined ? result : { ...result, error: { kind: "missing", what } };
  }
  override trampolines(text: Pick<TrampolineEnv, "original" | "prog">): SubjectTrampolines {
    this.env = envWith(this.env, this.own);
    return super.trampolines(text);
  }
}

/** Whether the JIT of that version knows the instruction form at all. */
function isTaken(row: Row, env: JitEnv): boolean {
  if (row.kind === "stackArgument") return env.changes.stackArguments;
  // A verifier leaves no cast to the kernel's to any JIT.
  if (isNeverLone(row) || (row.kind === "kernel" && row.op === "castKernel")) return true;
  const measured = measure({ insns: loneForm(row), index: 0, stackDepth: 0 }, env);
  return measured.ok || measured.error.kind !== "unknownOpcode";
}

const made = new Map<Version, Subject>();

/** Always the same one: much is kept by subject. */
export function implOf(version: Version): Subject {
  const known = made.get(version);
  if (known !== undefined) return known;
  const { offsets, changes } = linuxEnv(version);
  const own: Own = { offsets, changes };
  const build: KernelBuild = { callBase: CALL_BASE, dummyTramp: DUMMY_TRAMPOLINE, ...own };
  const { encoders: _, ...rest } = impl;
  const forms = lazily(
    (): ReadonlySet<string> =>
      new Set(ROWS.filter((row) => isTaken(row, { ...linuxEnv(version), ...own })).map(({ id }) => id)),
  );
  const lacking = (functions: readonly JitFunction[]): string | undefined => {
    const hasArguments = functions.some(({ stackArguments }) => stackArguments !== undefined);
    if (hasArguments && !changes.stackArguments) return MISSING_ARGUMENTS;
    const found = functions.flatMap(({ insns }) => insns).find(({ row }) => !forms().has(row.id));
    return found && missingForm(found.row);
  };
  const subject: Subject = {
    ...rest,
    name: `${impl.name}:${linuxProfile(version)}`,
    build,
    forms,
    boot: (options) => new ProfileKernel(own, lacking, options),
    compile(functions, env, place) {
      const compiled = compileImages(functions, envWith(env, own), place);
      const missing = compiled.ok ? undefined : lacking(functions);
      if (compiled.ok || missing === undefined) return compiled;
      return { ...compiled, error: { kind: "kernelRefuses", detail: `the subject lacks ${missing}`, missing } };
    },
    imageBytes(fn, env) {
      const measured = measure(fn, envWith(env, own));
      if (measured.ok) return measured.sized.imageBytes;
      const missing = lacking([fn]);
      if (missing !== undefined) throw new NotModelled(missing);
      return measured.error;
    },
    registerOf: registersOf(changes),
    checks: [],
  };
  made.set(version, subject);
  return subject;
}
