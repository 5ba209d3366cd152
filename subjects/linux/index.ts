// The subject `linux:IMAGE`: the machine code of somebody's kernel image, called in our machine without booting it.

import { wasmEngine } from "../../engines/wasm/engine.js";
import type { Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import { Machine } from "../../machine/machine.js";
import { lazily } from "../../spec/lazily.js";
import { impl } from "../impl/index.js";
import { missingForm } from "../lone-form.js";
import { registersOf } from "../lowering.js";
import { NotModelled } from "../not-modelled.js";
import type { BootOptions, KernelBuild, Subject } from "../subject.js";
import { linuxEnv, VERSIONS, type Version } from "../subject.js";
import { PlacedCompiler } from "./compile-at.js";
import { allocatorOf, isOwn, protectionOf } from "./image/features.js";
import { movedImage } from "./image/moved.js";
import { kernelText, LinuxKernel } from "./kernel.js";
import type { TypedImage } from "./kernel-image.js";
import { fixedFrame, isStrict } from "./older.js";
import { cpusOf, hasLse } from "./placed-kernel.js";
import { trampolinesOf } from "./tramp-memory.js";
import { passesStructs } from "./trampolines.js";
import { findTakenForOlder, inlinesHelpers } from "./tried-forms.js";
import { executedCode } from "./under-test.js";

const BLOCK_BYTES = 2 << 20;
/** Behind most images. */
const FIRST_MODULES: Va = 0x8000_8300_0000;
/** Frames of a machine: the image, packs, heap and what runs need. */
const PHYSICAL_BYTES = 384 << 20;

export function linuxSubject(name: string, image: TypedImage): Subject {
  const build = buildOf(image);
  const profile = profileOf(image);
  const isCompared = profile.profile !== undefined;
  const machine: NonNullable<Subject["machine"]> = (options) =>
    new Machine({
      vmallocBase: modulesOf(image),
      ...options,
      pageBytes: image.pageBytes,
      physical: options.physical ?? wasmEngine.physical!(PHYSICAL_BYTES),
    });
  let moved: { readonly distance: number; readonly subject: Subject | undefined } | undefined;
  let placing: PlacedCompiler | undefined;
  let frameOf: Subject["frameOf"] | undefined;
  const probe = (): LinuxKernel => new LinuxKernel(image, build, { machine: machine({}), random: () => 0 });
  // In a kernel of its own: one that is full, or whose steps are followed, would make a pack for each form.
  const forms = lazily(() => probe().loads.formsTaken());
  const boot = (options: BootOptions): LinuxKernel => {
    findTakenForOlder(image, () => probe().loads.tried.takenForOlder());
    return new LinuxKernel(image, build, options, forms);
  };
  return {
    name,
    mute: mutedOf(image),
    untried: untriedOf(image),
    lacksInlining: !inlinesHelpers(image),
    build,
    ...profile,
    fixed: fixedOf(image),
    machine,
    elsewhere({ callBase, dummyTramp }) {
      const distance = callBase - build.callBase;
      if (dummyTramp - build.dummyTramp !== distance) return undefined;
      if (moved?.distance !== distance) {
        const there = movedImage(image, distance);
        moved = { distance, subject: there && linuxSubject(name, there) };
      }
      return moved.subject;
    },
    forms,
    passesStructs: lazily(() => trampolinesOf(image) === "sized" || passesStructs(probe())),
    boot,
    executed: () => executedCode(image, cpusOf(image)),
    // The shape of a frame is that of the profile; a kernel that has another disagrees with what the interpreter says.
    compile(functions, env, place) {
      if (env.bti !== build.bti) throw new NotModelled(otherBuild("landing pads", build.bti));
      if (env.pac !== build.pac) throw new NotModelled(otherBuild("signed return addresses", build.pac));
      if (env.branchHistory !== undefined) throw new NotModelled("a CPU whose branch history is to be forgotten");
      placing ??= new PlacedCompiler({
        machine: machine({}),
        boot,
      });
      try {
        return placing.compile(functions, env, place);
      } catch (error) {
        if (!(error instanceof KernelFault)) throw error;
        placing = undefined;
        return { ok: false, index: 0, error: { kind: "kernelRefuses", detail: error.message } };
      }
    },
    imageBytes(fn, env) {
      const bytes = impl.imageBytes(fn, { ...env, ...build });
      // Histories are drawn with the instructions of every version.
      if (typeof bytes === "object" && bytes.kind === "unknownOpcode") {
        throw new NotModelled(missingForm(fn.insns[bytes.pc]!.row));
      }
      // A JIT that nobody has compared with ours makes images of other sizes.
      return typeof bytes === "object" || isCompared ? bytes : undefined;
    },
    frameOf(fn) {
      frameOf ??= isStrict(image) ? impl.frameOf : (fixedFrame(probe().loads.plainPrologue()) ?? impl.frameOf);
      return frameOf(fn);
    },
    registerOf: registersOf(build.changes),
    prologueOffset: impl.prologueOffset,
    checks: [],
  };
}

/** Where executable memory begins: behind the image, in whole blocks of 2 MiB. */
function modulesOf({ base, imageBytes }: TypedImage): Va {
  return Math.max(FIRST_MODULES, Math.ceil((base + imageBytes) / BLOCK_BYTES + 1) * BLOCK_BYTES);
}

/** The last listed version that is not newer: what later versions do otherwise is known of those. */
function versionOf({ release }: TypedImage): Version {
  const found = /^(\d+)\.(\d+)/.exec(release);
  const order = (text: string): number => Number(text.split(".")[0]) * 1000 + Number(text.split(".")[1]);
  const own = found === null ? 0 : order(found[0]);
  return VERSIONS.findLast((version) => order(version) <= own) ?? VERSIONS[0];
}

/** Of versions before the listed ones, what is not known of their code; of those without trampolines, the jump to one. */
function mutedOf(image: TypedImage): Subject["mute"] {
  const muted = new Map<string, string>();
  if (!isStrict(image)) {
    muted.set("short-forms", "which short forms a JIT of that version has is not known");
    muted.set("calls-reach", "a JIT of that version calls through a register wherever the function lies");
  }
  if (!isOwn(image, "bpf_arch_text_poke")) {
    muted.set("long-jump", "its images end with no jump to a trampoline: it has none");
    muted.set("landing-pads", "its images begin with no place to patch: it has no trampolines");
  }
  return muted;
}

/** A kind of cases whose every case asks for what an image does not have. */
function untriedOf(image: TypedImage): NonNullable<Subject["untried"]> {
  const way = trampolinesOf(image);
  return new Map(typeof way === "string" ? [] : [["trampolines", way.why]]);
}

/** Whether its version is itself a listed one. */
function profileOf({ release }: TypedImage): Pick<Subject, "profile"> {
  const found = /^(\d+\.\d+)/.exec(release)?.[1];
  const profile = VERSIONS.find((version) => version === found);
  return profile === undefined ? {} : { profile };
}

/** An image without packs gives each program pages of its own. */
function fixedOf(image: TypedImage): NonNullable<Subject["fixed"]> {
  const { pageBytes } = image;
  const hasPacks = allocatorOf(image) === "packs";
  return { pageBytes, images: hasPacks ? "packs" : "pages", packBytes: 2 << 20 };
}

const otherBuild = (what: string, has: boolean): string =>
  has ? `code without ${what} (the image was built with them)` : `${what} (the image was not built with them)`;

function buildOf(image: TypedImage): KernelBuild & Required<Pick<KernelBuild, "bti" | "pac">> {
  const offset = (struct: string, path: string, otherwise: number): number => {
    const member = image.types.struct(struct)?.member(path);
    return member === undefined ? otherwise : member.bit / 8;
  };
  const env = linuxEnv(versionOf(image));
  const { arrayMaxEntries, arrayPtrs, progFunc, threadCpu } = env.offsets;
  return {
    ...kernelText(image),
    ...protectionOf(image),
    ...(hasLse(image) ? {} : { lse: false }),
    changes: env.changes,
    offsets: {
      arrayMaxEntries: offset("bpf_array", "map.max_entries", arrayMaxEntries),
      arrayPtrs: offset("bpf_array", "ptrs", arrayPtrs),
      progFunc: offset("bpf_prog", "bpf_func", progFunc),
      threadCpu: offset("task_struct", "thread_info.cpu", threadCpu),
    },
  };
}
