// The subject `impl` in the profile of a version of Linux: the code that its JIT emits, without the defects that it has.

import { compileImages } from "../../impl/jit/compile.js";
import { type JitEnv, linuxEnv } from "../../impl/jit/env.js";
import type { JitFunction } from "../../impl/jit/function.js";
import { measure } from "../../impl/jit/passes.js";
import { linuxProfile } from "../../impl/quirks.js";
import type { TrampolineEnv } from "../../impl/trampoline/env.js";
import type { Version } from "../../impl/versions.js";
import { registersOf } from "../lowering.js";
import { CALL_BASE, DUMMY_TRAMPOLINE } from "../run/layout.js";
import type { BootOptions, KernelBuild, LoadResult, Subject, SubjectTrampolines } from "../subject.js";
import { impl } from "./index.js";
import { ImplKernel } from "./kernel.js";

/** What stays the same whatever the kernel is asked to compile for. */
type Own = Pick<JitEnv, "offsets" | "changes">;

class ProfileKernel extends ImplKernel {
  constructor(
    private readonly own: Own,
    options: BootOptions,
  ) {
    super({ ...options, ...(options.env && { env: { ...options.env, ...own } }) });
    this.env = { ...this.env, ...own };
  }
  override loadProgram(functions: readonly JitFunction[]): LoadResult {
    this.env = { ...this.env, ...this.own };
    return super.loadProgram(functions);
  }
  override trampolines(text: Pick<TrampolineEnv, "original" | "prog">): SubjectTrampolines {
    this.env = { ...this.env, ...this.own };
    return super.trampolines(text);
  }
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
  const subject: Subject = {
    ...rest,
    name: `${impl.name}:${linuxProfile(version)}`,
    build,
    boot: (options) => new ProfileKernel(own, options),
    compile: (functions, env, place) => compileImages(functions, { ...env, ...own }, place),
    imageBytes(fn, env) {
      const measured = measure(fn, { ...env, ...own });
      return measured.ok ? measured.sized.imageBytes : measured.error;
    },
    registerOf: registersOf(changes),
    checks: [],
  };
  made.set(version, subject);
  return subject;
}
