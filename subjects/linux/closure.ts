// What of a kernel runs as it is: the functions that the entry points reach over branches and addresses of functions, as far
// as their names are on the list. What is reached beside those ends a case that comes there, and is known before any does.

import type { Va } from "../../machine/address.js";
import { branchTarget, type FunctionRange, functionAround, sourceName, startsOf } from "./image/functions.js";
import type { KernelImage } from "./image/image.js";
import { ENTRY_POINTS, NATIVE, NEVER_CALLED } from "./native.js";
import { TRAPS } from "./traps/index.js";

/** A function that is called, and is neither a trap nor on the list. */
interface Unlisted {
  readonly name: string;
  /** Functions that call it. */
  readonly callers: readonly string[];
  /** Why no case comes there; undefined if nobody knows that. */
  readonly why: string | undefined;
}

export interface Closure {
  /** First addresses of the functions that may run. */
  readonly native: ReadonlySet<Va>;
  readonly words: number;
  /** First addresses of the functions that our machine takes the place of. */
  readonly trapped: ReadonlySet<Va>;
  readonly unlisted: readonly Unlisted[];
}

/** What a function may come to next. */
interface Reference {
  readonly to: Va;
  /** Only its address is taken, as that of a function to be called or of a place. */
  readonly isAddress: boolean;
}

/** @param bytes of the image as they run: with its alternatives, if those are known */
export function closureOf(image: KernelImage, bytes: Uint8Array): Closure {
  const { allowed, traps } = listed(image);
  const native = new Set<Va>();
  const trapped = new Set<Va>();
  const unlisted = new Map<Va, Set<string>>();
  let words = 0;
  const reach = (to: Va, by: string | undefined, isAddress: boolean): void => {
    if (traps.has(to)) trapped.add(to);
    else if (allowed.has(to)) native.add(to);
    else if (!isAddress) unlisted.set(to, (unlisted.get(to) ?? new Set()).add(by ?? ""));
  };
  for (const name of ENTRY_POINTS) for (const va of startsOf(image.symbols, name)) reach(va, undefined, true);
  // A set that grows while it is gone through.
  for (const va of native) {
    const own = functionAround(image, va);
    if (own === undefined) continue;
    words += (own.end - own.start) / 4;
    const by = image.symbolAt(va)?.name ?? "";
    for (const { to, isAddress } of referencesOf(image, bytes, own)) {
      const start = functionAround(image, to)?.start;
      if (start !== undefined && start !== va && (start === to || !isAddress)) reach(start, by, isAddress);
    }
  }
  return { native, words, trapped, unlisted: [...unlisted].map(([va, callers]) => unlistedOf(image, va, callers)) };
}

function unlistedOf(image: KernelImage, va: Va, callers: ReadonlySet<string>): Unlisted {
  const name = image.symbolAt(va)?.name ?? `0x${va.toString(16)}`;
  return { name, callers: [...callers], why: NEVER_CALLED[sourceName(name)] };
}

interface Listed {
  readonly allowed: ReadonlySet<Va>;
  readonly traps: ReadonlySet<Va>;
}

/** Where the functions on the lists lie; one that is only noted, or may fail, runs as well. */
function listed(image: KernelImage): Listed {
  const allowed = new Set(NATIVE.flatMap((name) => startsOf(image.symbols, name)));
  const traps = new Set<Va>();
  for (const { kind, names } of TRAPS) {
    for (const name of names) {
      const va = image.address(name);
      if (va !== undefined) (kind === "trap" ? traps : allowed).add(va);
    }
  }
  return { allowed, traps };
}

/** Branches that leave a function, and addresses of code that it makes: ADRP and the ADD behind it. */
function* referencesOf(image: KernelImage, bytes: Uint8Array, { start, end }: FunctionRange): Iterable<Reference> {
  const { base } = image;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pages = new Map<number, Va>();
  for (let va = Math.max(start, base); va < Math.min(end, base + bytes.length - 3); va += 4) {
    const word = view.getUint32(va - base, true);
    const target = branchTarget(word, va);
    const page = pages.get((word >>> 5) & 31);
    if (target !== undefined) {
      if (target < start || target >= end) yield { to: target, isAddress: false };
    } else if ((word & 0x9f00_0000) >>> 0 === 0x9000_0000) pages.set(word & 31, va - (va % 4096) + pageDistance(word));
    else if ((word & 0xffc0_0000) >>> 0 === 0x9100_0000 && page !== undefined)
      yield { to: page + ((word >>> 10) & 0xfff), isAddress: true };
  }
}

/** Of ADRP, in bytes: 21 bits of pages. */
const pageDistance = (word: number): number =>
  ((((((word >>> 5) & 0x7ffff) << 2) | ((word >>> 29) & 3)) << 11) >> 11) * 4096;
