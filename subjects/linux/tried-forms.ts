// Which instruction forms the JIT of an image takes, found out by trying each once.

import type { Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import type { Insn } from "../../spec/bpf/insn.js";
import { ROWS, type Row, rowById } from "../../spec/bpf/isa.js";
import { isNeverLone, loneForm, missingForm } from "../lone-form.js";
import { NotModelled } from "../not-modelled.js";
import type { JitFunction } from "../subject.js";
import { isOwn } from "./image/features.js";
import type { TypedImage } from "./kernel-image.js";
import { isStrict, TAKEN_FOR } from "./older.js";

/** No helper lies nearer to the base of all calls. */
const FIRST_DISTANCE = 0x400;

const SHORT_CONSTANT = -8;
/** Which functions have an address that is that constant. */
export const SHORT_ADDRESS: Va = 2 ** 48 + SHORT_CONSTANT;

const takenForOlder = new WeakMap<TypedImage, ReadonlySet<string>>();

/** Once for an image, and not while a load is followed: forms that its JIT takes for older ones. */
export function findTakenForOlder(image: TypedImage, find: () => ReadonlySet<string>): void {
  if (!isStrict(image) && !takenForOlder.has(image)) takenForOlder.set(image, find());
}

export const inlinesHelpers = (image: TypedImage): boolean => isOwn(image, "bpf_jit_inlines_helper_call");

/** A form that the image's JIT would take for an older one; undefined if there is none. */
export function newerIn(image: TypedImage, functions: readonly JitFunction[]): string | undefined {
  const newer = takenForOlder.get(image);
  if (newer === undefined) return undefined;
  const insns = functions.flatMap((fn) => fn.insns);
  const found = insns.find(({ row }) => newer.has(row.id));
  if (found !== undefined) return missingForm(found.row);
  // Helpers that are inlined keep their number, for which every other JIT takes a distance.
  const inlined = insns.find(({ row, imm }) => row.id === "call helper" && imm > 0 && imm < FIRST_DISTANCE);
  return inlined && !inlinesHelpers(image) ? `inlining of helper ${inlined.imm}` : undefined;
}

/** Up to 5.19 a verifier takes no tail calls in a program with several functions: the JIT would start a count in each. */
export const unmixedIn = (image: TypedImage, functions: readonly JitFunction[]): string | undefined =>
  functions.length > 1 &&
  functions.some(({ insns }) => insns.some(({ row }) => row.id === "tail call")) &&
  !isOwn(image, "bpf_jit_supports_subprog_tailcalls")
    ? "tail calls in a program with several functions"
    : undefined;

export class TriedForms {
  private readonly known = new Map<string, boolean>();
  private readonly isStrict: boolean;

  /** @param codeOf instructions as the JIT compiles them, as text; undefined if it refuses them */
  constructor(
    image: TypedImage,
    private readonly codeOf: (insns: readonly Insn[]) => string | undefined,
  ) {
    this.isStrict = isStrict(image);
  }

  /** Ids of those that it takes: not of those that it asks the rest of the kernel about. */
  taken(): ReadonlySet<string> {
    const isTaken = (row: Row): boolean => {
      try {
        return this.isTaken(row);
      } catch (error) {
        if (error instanceof NotModelled || error instanceof KernelFault) return false;
        throw error;
      }
    };
    return new Set(ROWS.filter(isTaken).map(({ id }) => id));
  }

  /** Whether this kernel's JIT knows the instruction form at all. */
  isTaken(row: Row): boolean {
    const known = this.known.get(row.id);
    if (known !== undefined) return known;
    if (isNeverLone(row)) return true;
    // What R11 means an older JIT does not say: it takes it for its scratch register.
    if (row.kind === "stackArgument") return false;
    const code = this.codeAlone(row);
    const older = this.isStrict ? undefined : TAKEN_FOR.get(row.id);
    const isTaken = code !== undefined && (older === undefined || code !== this.codeAlone(rowById(older)));
    this.known.set(row.id, isTaken);
    return isTaken;
  }

  /** Ids of those that it takes for older ones. */
  takenForOlder(): ReadonlySet<string> {
    return new Set(this.isStrict ? [] : [...TAKEN_FOR.keys()].filter((id) => !this.isTaken(rowById(id))));
  }

  private codeAlone(row: Row): string | undefined {
    // As short as a constant can be, which the address of a function never is.
    return this.codeOf(loneForm(row, SHORT_CONSTANT));
  }
}
