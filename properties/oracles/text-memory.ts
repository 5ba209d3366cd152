// What must hold of executable memory around a load and a free, read from the machine itself: the image lies in its region
// with illegal instructions all around it, every CPU may fetch it, no translation is left over, the accounts add up; after
// the free its room is illegal instructions again and nothing has been kept.

import { Buffer } from "node:buffer";
import type { BpfProg } from "../../impl/program/bpf-prog.js";
import type { Kernel } from "../../impl/program/kernel.js";
import { pointer, type Va } from "../../machine/address.js";

const ILLEGAL = 0xd420_2000;
const CHUNK_BYTES = 64;
const LITERAL_BYTES = 8;
const ENTRY_BYTES = 12;

/** What a load and its free must leave as it was. */
export interface Account {
  readonly areas: number;
  readonly heapObjects: number;
  readonly charged: number;
  readonly warnings: number;
}
/** Where a program lies: what to look at after its free. */
export interface Region {
  readonly at: Va;
  readonly bytes: number;
}

export function accountOf({ machine, modmem, warnings }: Kernel): Account {
  const { areas, heapObjects } = machine.usage;
  return { areas, heapObjects, charged: modmem.current, warnings: warnings.length };
}

export const regionsOf = ({ machine }: Kernel, functions: readonly BpfProg[]): Region[] =>
  functions.map(({ bpfFunc }) => {
    const at = bpfFunc! - (bpfFunc! % CHUNK_BYTES);
    return { at, bytes: machine.peek32(at) };
  });

/** One line for each breach; an empty list is a pass. `before`: the account before the load. */
export function loadBreaches(kernel: Kernel, functions: readonly BpfProg[], before: Account): readonly string[] {
  const regions = regionsOf(kernel, functions);
  const breaches = functions.flatMap((prog, i) => {
    const { at, bytes } = regions[i]!;
    const image = prog.bpfFunc! - at;
    const code = image + prog.jitedLen;
    const table = prog.extable === undefined ? bytes : prog.extable - at;
    if (bytes % CHUNK_BYTES !== 0 || bytes < code + LITERAL_BYTES || table + prog.entries * ENTRY_BYTES > bytes) {
      return [`function ${i}: ${bytes} bytes in its header, but code ends at ${code} and its table begins at ${table}`];
    }
    const memory = kernel.machine.peek(at, bytes);
    const gaps = [
      { what: "before the image", from: 4, to: image },
      { what: "behind the image", from: code + LITERAL_BYTES, to: table },
      { what: "behind the exception table", from: table + prog.entries * ENTRY_BYTES, to: bytes },
    ];
    const found = gaps.flatMap(({ what, from, to }) => {
      return isIllegal(memory.subarray(from, to))
        ? []
        : [`${what}, bytes ${from} to ${to} of its region are not all illegal`];
    });
    const literal = new DataView(memory.buffer).getBigUint64(code, true);
    if (literal !== pointer(kernel.env.dummyTramp))
      found.push(`the literal behind its code is 0x${literal.toString(16)}`);
    return [...found, ...fetchProblems(kernel, at, bytes)].map((what) => `function ${i}: ${what}`);
  });
  const charged = regions.reduce((sum, { bytes }) => sum + bytes, before.charged);
  if (kernel.modmem.current !== charged)
    breaches.push(`${kernel.modmem.current} bytes are charged, expected ${charged}`);
  return [...breaches, ...leftBehind(kernel, before)];
}

/** `before`: the account before the load. */
export function freeBreaches(kernel: Kernel, regions: readonly Region[], before: Account): readonly string[] {
  const { machine } = kernel;
  const breaches = regions.flatMap(({ at, bytes }) => {
    if (machine.mapping(at) === undefined || isIllegal(machine.peek(at, bytes))) return [];
    return [`${bytes} bytes at 0x${at.toString(16)} were freed, but are not all illegal`];
  });
  const after = accountOf(kernel);
  for (const what of ["areas", "heapObjects", "charged"] as const) {
    if (after[what] !== before[what])
      breaches.push(`${what}: ${after[what]} after the free, ${before[what]} before the load`);
  }
  return [...breaches, ...leftBehind(kernel, before)];
}

function fetchProblems({ machine }: Kernel, at: Va, bytes: number): string[] {
  for (let cpu = 0; cpu < machine.cpus; cpu++) {
    const problem = machine.fetch(cpu, at, bytes);
    if (problem !== undefined) return [`CPU ${cpu} must not fetch 0x${problem.va.toString(16)}: ${problem.why}`];
  }
  return [];
}

function leftBehind({ machine, warnings }: Kernel, before: Account): string[] {
  const stale = machine.staleTranslations.map(
    ({ va, permission }) => `0x${va.toString(16)} may still be ${permission}`,
  );
  return [...stale, ...warnings.slice(before.warnings).map((warning) => `warning: ${warning}`)];
}

let illegal = Buffer.alloc(0);
/** Whether a piece that ends on a word boundary holds nothing else. */
function isIllegal(bytes: Uint8Array): boolean {
  if (illegal.length < bytes.length) {
    const words = new Uint32Array(Math.ceil(bytes.length / 4) * 2).fill(ILLEGAL);
    illegal = Buffer.from(words.buffer);
  }
  return Buffer.compare(bytes, illegal.subarray(0, bytes.length)) === 0;
}
