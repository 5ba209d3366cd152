// Which context a program of an object has, where the name of its section does not say, or says it wrongly: programs for
// tail calls lie in sections with numbers, and some projects load one object as several kinds of program. What a program
// calls tells: most helpers for packets exist for one kind of context only.

import { HELPERS } from "../helpers.js";
import { SLOT_BYTES } from "../insn.js";
import { rowsOfOpcode } from "../isa.js";
import type { ContextKind } from "../program.js";
import type { ObjectFunction } from "./functions.js";
import type { BpfObject } from "./object.js";
import { kindOfSection } from "./section-kinds.js";

const CALL = 0x85;

/** @returns what r1 of that program points to, and how many bytes of input it has where nobody gives one */
export function contextOf(
  object: BpfObject,
  fn: ObjectFunction,
): { readonly context: ContextKind; readonly inputBytes: number } {
  const said = kindOfSection(fn.section.name);
  const own = allowed([fn]);
  const fits = own === undefined || own.has(said.context);
  const isKnown = said.kind !== "unknown";
  if (isKnown && fits) return said;
  const others = isKnown ? undefined : only(allowed(object.functions));
  const context = only(own) ?? (others !== undefined && own?.has(others) !== false ? others : undefined) ?? first(own);
  return context === undefined ? said : { context, inputBytes: PACKET_BYTES };
}

const PACKET_BYTES = 128;

/** The contexts for which all helpers exist that these functions call; undefined where each of them exists for all. */
function allowed(functions: readonly ObjectFunction[]): ReadonlySet<ContextKind> | undefined {
  let left: readonly ContextKind[] | undefined;
  if (functions.some(loadsPackets)) left = ["skb"];
  for (const id of new Set(functions.flatMap(helpersOf))) {
    const contexts = HELPERS.get(id)?.contexts;
    if (contexts !== undefined) left = left?.filter((one) => contexts.includes(one)) ?? contexts;
  }
  return left && new Set(left);
}

const only = (set: ReadonlySet<ContextKind> | undefined): ContextKind | undefined =>
  set?.size === 1 ? first(set) : undefined;
const first = (set: ReadonlySet<ContextKind> | undefined): ContextKind | undefined => set?.values().next().value;

/** As classic BPF did, and as only programs with an skb do since. */
const loadsPackets = ({ section: { bytes }, start, end }: ObjectFunction): boolean =>
  Array.from({ length: end - start }, (_, i) => bytes[(start + i) * SLOT_BYTES]!).some((opcode) =>
    rowsOfOpcode(opcode).some(({ kind }) => kind === "legacyLoad"),
  );

function helpersOf({ section: { bytes }, start, end }: ObjectFunction): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: end - start }, (_, i) => (start + i) * SLOT_BYTES).flatMap((at) =>
    view.getUint8(at) === CALL && view.getUint8(at + 1) === 0 ? [view.getInt32(at + 4, true)] : [],
  );
}
