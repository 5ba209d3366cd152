// What can be checked of a kernel, and what it lacks: each thing that is checked calls functions of the kernel, reads its
// data by their symbols and its structures by their types.

import { allocatorOf, isOwn } from "./features.js";
import { type KernelImage, namesData } from "./image.js";

interface Check {
  readonly name: string;
  /** The architecture's own; a weak default does not count. Names of one function over the versions. */
  readonly functions: readonly (readonly string[])[];
  /** Names of one thing over the versions: one of each is needed. */
  readonly data: readonly (readonly string[])[];
  readonly types: readonly string[];
}

/** Without the alternatives and what the CPU is said to have, the kernel runs with what every CPU has. */
const COMMON_DATA = [["bpf_jit_current"], ["bpf_jit_limit"], ["__start___ex_table"], ["__start___bug_table"]];
const PROGRAM_TYPES = ["bpf_prog", "bpf_prog_aux", "bpf_insn", "bpf_binary_header"];

const PACKS = "packs";

const CHECKS: readonly Check[] = [
  { name: "programs", functions: [["bpf_int_jit_compile"]], data: COMMON_DATA, types: PROGRAM_TYPES },
  {
    ...{
      name: PACKS,
      functions: [["bpf_prog_pack_alloc"], ["bpf_prog_pack_free"]],
      data: [["pack_list"], ["pack_mutex"]],
    },
    types: ["bpf_prog_pack"],
  },
  { name: "text poke", functions: [["aarch64_insn_copy"]], data: [], types: [] },
  {
    ...{ name: "trampolines", functions: [["arch_prepare_bpf_trampoline"], ["bpf_arch_text_poke"]], data: [] },
    types: ["bpf_tramp_image", "btf_func_model"],
  },
  {
    name: "subprograms, the kernel's own way",
    functions: [["jit_subprogs", "bpf_jit_subprogs", "bpf_fixup_call_args"]],
    data: [],
    types: ["bpf_verifier_env"],
  },
];

export interface Checkable {
  readonly name: string;
  /** By name: `function x`, `data y`, `type z`. Empty if it can be checked. */
  readonly missing: readonly string[];
}

export const checksOf = (image: KernelImage): readonly Checkable[] =>
  CHECKS.map(({ name, functions, data, types }) => ({
    name,
    missing: [
      ...functions
        .filter((names) => !names.some((one) => hasFunction(image, one)))
        .map(([first]) => `function ${first}`),
      ...data
        .filter((names) => !names.some((one) => image.address(one) !== undefined))
        .map(([first]) => `data ${first}`),
      ...(name === PACKS && allocatorOf(image) !== "packs" ? ["packs in bpf_int_jit_compile()"] : []),
      ...types.filter((type) => image.types?.struct(type) === undefined).map((type) => `type ${type}`),
    ],
  }));

/** Compilers append to the names of functions that they change: `.isra.0`, `.constprop.0`. */
const hasFunction = (image: KernelImage, name: string): boolean =>
  isOwn(image, name) || image.symbols.names.some((one) => one.startsWith(`${name}.`) && !one.endsWith(".cold"));

/** What to do about it; empty if nothing lacks. */
export function advice(image: KernelImage, checks: readonly Checkable[]): readonly string[] {
  const missing = new Set(checks.flatMap((check) => check.missing.map((one) => one.split(" ", 1)[0]!)));
  const advised: string[] = [];
  if (missing.has("data") && !namesData(image)) {
    advised.push(
      "the image names no data (it was built without KALLSYMS_ALL): give System.map or vmlinux of the same build with --symbols",
    );
  }
  if (image.types === undefined) {
    advised.push("the image has no BTF (CONFIG_DEBUG_INFO_BTF): give a kernel that was built with it, or its vmlinux");
  }
  return advised;
}
