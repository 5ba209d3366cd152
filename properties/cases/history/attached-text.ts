// What a trampoline calls, as text: `fentry #1, fmod_ret recorder = 7, fexit recorder kept out`.

import { ATTACH_KINDS, type AttachedProgram } from "../../../subjects/action.js";

/** Kernel: BPF_MAX_TRAMP_LINKS. */
const MOST_PROGRAMS = 38;

export const printAttached = ({ kind, id, result, enterReturnsZero }: AttachedProgram): string => {
  const who = id === undefined ? `recorder${result === 0 ? "" : ` = ${result}`}` : `#${id}`;
  return `${kind} ${who}${enterReturnsZero ? " kept out" : ""}`;
};

/** @returns the programs, or what is wrong with the text. */
export function parseAttached(text: string): readonly AttachedProgram[] | string {
  const items = text.split(", ").filter((item, i, all) => i < all.length - 1 || !/^\d+ B$/.test(item));
  if (items.length === 0) return "nothing is attached";
  if (items.length > MOST_PROGRAMS) return `more than ${MOST_PROGRAMS} programs`;
  const programs: AttachedProgram[] = [];
  for (const item of items) {
    const [, name, id, result, enterReturnsZero] =
      /^([a-z_]+) (?:#(\d{1,6})|recorder(?: = (\d{1,4}))?)( kept out)?$/.exec(item) ?? [];
    const kind = ATTACH_KINDS.find((known) => known === name);
    if (kind === undefined)
      return `expected "fentry #1", "fmod_ret recorder = 7" or "fexit recorder kept out", got "${item}"`;
    const who = { id: id === undefined ? undefined : Number(id), result: Number(result ?? 0) };
    programs.push({ kind, ...who, enterReturnsZero: enterReturnsZero !== undefined });
  }
  return programs;
}
