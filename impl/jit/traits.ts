// What the passes ask of a slot before they lower it, for each row of the instruction table.

import { ROWS, type Row } from "../../spec/bpf/isa.js";

interface Traits {
  /** The access may fault, and so has an entry in the exception table. */
  readonly mayFault: boolean;
  /** How many words it takes may depend on where it lies: BL reaches a function, or it does not. */
  readonly isAboutPlace: boolean;
  /** Its words depend on where the program's functions lie. */
  readonly namesFunction: boolean;
  /** Its words are the same in every pass: nothing in them depends on where anything lies. */
  readonly isFixed: boolean;
}

const TRAITS: readonly Traits[] = ROWS.map((row) => {
  const mayFault = row.mode === "probe" || row.mode === "arena";
  const isAboutPlace = row.kind === "call";
  const namesFunction =
    (row.kind === "call" && row.target === "local") || (row.kind === "lddw" && row.source === "code");
  const branches = row.kind === "ja" || row.kind === "jump" || row.kind === "exit" || row.kind === "kernel";
  return { mayFault, isAboutPlace, namesFunction, isFixed: !mayFault && !isAboutPlace && !namesFunction && !branches };
});

export const traitsOf = ({ index }: Row): Traits => TRAITS[index!]!;
