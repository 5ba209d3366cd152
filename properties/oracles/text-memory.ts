// What must hold of executable memory around a load and a free, read from the machine itself: the image lies in its region
// with illegal instructions all around it, every CPU may fetch it, no translation is left over, the accounts add up; after
// the free its room is illegal instructions again and nothing has been kept.

import type { BpfProg } from "../../impl/program/bpf-prog.js";
import type { Kernel } from "../../impl/program/kernel.js";
import { pointer, type Va } from "../../machine/address.js";
import type { Region } from "../../subjects/step.js";
import { roomBreaches, slackBreaches } from "./freed-is-illegal.js";

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
export function accountOf({ machine, modmem, warnings }: Kernel): Account {
  const { areas, heapObjects } = machine.usage;
  return { areas, heapObjects, charged: modmem.current, warnings: warnings.length };
}

/** As their headers say. */
export const regionsOf = ({ machine }: Kernel, functions: readonly BpfProg[]): Region[] =>
  functions.map(({ bpfFunc, jitedLen, extable, entries }) => {
    const header = bpfFunc! - (bpfFunc! % CHUNK_BYTES);
    const bytes = machine.peek32(header);
    const code = { image: bpfFunc!, codeBytes: jitedLen, table: extable, entries };
    return { what: "function", header, bytes, charged: bytes, ...code };
  });

/** One line for each breach; an empty list is a pass. `before`: the account before the load. */
export function loadBreaches(kernel: Kernel, functions: readonly BpfProg[], before: Account): readonly string[] {
  const regions = regionsOf(kernel, functions);
  const breaches = regions.flatMap((region, i) =>
    regionBreaches(kernel, region).map((what) => `function ${i}: ${what}`),
  );
  const charged = regions.reduce((sum, { bytes }) => sum + bytes, before.charged);
  if (kernel.modmem.current !== charged)
    breaches.push(`${kernel.modmem.current} bytes are charged, expected ${charged}`);
  return [...breaches, ...leftBehind(kernel, before)];
}

function regionBreaches(kernel: Kernel, region: Region): readonly string[] {
  const { header, bytes, image, codeBytes, table, entries } = region;
  const code = image + codeBytes;
  const end = header + bytes;
  if (
    bytes % CHUNK_BYTES !== 0 ||
    code + LITERAL_BYTES > (table ?? end) ||
    (table ?? 0) + entries * ENTRY_BYTES > end
  ) {
    const at = table === undefined ? "" : ` and its table begins at ${table - header}`;
    return [`${bytes} bytes in its header, but code ends at ${code - header}${at}`];
  }
  const literal = kernel.machine.peek(code, LITERAL_BYTES);
  const target = new DataView(literal.buffer, literal.byteOffset).getBigUint64(0, true);
  const wrong =
    target === pointer(kernel.env.dummyTramp) ? [] : [`the literal behind its code is 0x${target.toString(16)}`];
  return [...slackBreaches(kernel.machine, region), ...wrong, ...fetchProblems(kernel, header, bytes)];
}

/** `before`: the account before the load. */
export function freeBreaches(kernel: Kernel, regions: readonly Region[], before: Account): readonly string[] {
  const breaches = regions.flatMap((region) => roomBreaches(kernel, region));
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
