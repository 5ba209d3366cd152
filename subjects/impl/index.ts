// The subject `impl`: our own JIT, packs, text poke and trampolines, byte-exact with Linux 6.12.

import { compileImages } from "../../impl/jit/compile.js";
import { prologueOffset } from "../../impl/jit/env.js";
import { frameOf } from "../../impl/jit/frame.js";
import { measure } from "../../impl/jit/passes.js";
import { mapped } from "../../impl/jit/registers.js";
import type { Subject } from "../subject.js";
import { checkEncoders } from "./checks/encoders/index.js";
import { CHECKS } from "./checks/index.js";
import { ImplKernel } from "./kernel.js";

export const impl: Subject = {
  name: "impl",
  mute: new Map(),
  hasProfiles: true,
  boot: (options) => new ImplKernel(options),
  compile: compileImages,
  imageBytes(fn, env) {
    const measured = measure(fn, env);
    return measured.ok ? measured.sized.imageBytes : measured.error;
  },
  frameOf,
  registerOf: mapped,
  prologueOffset,
  checks: CHECKS,
  encoders: checkEncoders,
};
