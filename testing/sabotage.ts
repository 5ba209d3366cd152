// An oracle on a history that is right, and on the same one with something broken on purpose: a kernel step that does less
// or more than it should, memory changed behind everybody's back, or events that are missing.

import { referenceEngine } from "../engines/reference/engine.js";
import type { Va } from "../machine/address.js";
import { parseHistory } from "../properties/cases/history/text.js";
import { ORACLES } from "../properties/oracles/index.js";
import { DEFAULT_OPTIONS } from "../subjects/action.js";
import { defaultSubject } from "../subjects/index.js";
import { HistorySession } from "../subjects/session/history-session.js";
import type { Step } from "../subjects/step.js";

export interface Sabotage {
  readonly name: string;
  readonly actions: string;
  /** Before the last action. */
  readonly before?: (session: HistorySession) => void;
  /** After it, before the oracle looks. */
  readonly after?: (session: HistorySession, step: Step) => void;
  /** What the oracle is shown in place of the step. */
  readonly alter?: (step: Step) => Step;
  /** The first breach, addresses as they are. */
  readonly says: string;
}

export const LOAD = "load #0 (r0 = 1 .., 10 insns)";
export const BASE = 0x8000_8301_0000;
export const IMAGE = BASE + 8;

export const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
/** Change every word of the image of #0 that has these bits under the mask. */
export const changeWords =
  (mask: number, bits: number, change: (word: number) => number) =>
  ({ machine, live }: HistorySession): void => {
    const { image, codeBytes } = live.get(0)!.regions[0]!;
    for (let at: Va = image; at < image + codeBytes; at += 4) {
      const before = machine.peek32(at);
      if ((before & mask) >>> 0 === bits) machine.poke(at, word(change(before)));
    }
  };
export const replaceWords = (from: number, to: number) => changeWords(0xffff_ffff, from, () => to);

export const smallPacks = (): HistorySession =>
  new HistorySession({
    subject: defaultSubject,
    history: { ...DEFAULT_OPTIONS, packBytes: 8192 },
    engine: referenceEngine,
  });

/** What the oracle says of the last action. */
export function breaches({ name, actions, before, after, alter }: Sabotage, isBroken: boolean): readonly string[] {
  const parsed = parseHistory(actions);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const session = smallPacks();
  const oracle = ORACLES.find((one) => one.name === name)!;
  const all = parsed.value.actions;
  for (const action of all.slice(0, -1)) session.step(action);
  if (isBroken) before?.(session);
  const step = session.step(all.at(-1)!)!;
  if (isBroken) after?.(session, step);
  return oracle.check(isBroken && alter !== undefined ? alter(step) : step);
}
