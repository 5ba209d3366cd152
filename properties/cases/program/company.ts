// Loading programs before they run: a case, and with it those that come next, as each stage finds its own code in the
// processor's caches then. They live at the same time, as programs do. Where loading one of them goes wrong, nobody else
// is loaded beside it.

import type { Case } from "../../../subjects/case.js";
import type { LiveProgram } from "../../../subjects/session/prepared.js";
import { loadedBy, type ProgramSession } from "../../../subjects/session/program-session.js";
import type { Step } from "../../../subjects/step.js";
import { askAbout, type Objection } from "../../oracles/ask.js";
import type { Oracle } from "../../oracles/oracle.js";
import type { Beforehand, Known } from "./beforehand.js";

/** What came of loading a case. */
export interface LoadedCase {
  readonly load: Step;
  /** Or why there is none. */
  readonly live: LiveProgram | string;
  readonly objections: readonly Objection[];
  /** Another was loaded between its load and its run, or before it and still lives. */
  readonly hasCompany: boolean;
}

/** A case that will come, and what is known of it. */
type Coming = readonly [Case, { readonly known: Beforehand }];

/** So many are loaded beside one, and of so many slots together at most. */
const MOST = 11;
const MOST_SLOTS = 20_000;

export class Company {
  private readonly waiting = new Map<Case, LoadedCase>();
  /** Loading them goes wrong. */
  private readonly apart = new WeakSet<Case>();

  /** @param kernel where to load, and how to begin anew on another one */
  constructor(
    private readonly kernel: { readonly session: ProgramSession; renew(): void },
    private readonly oracles: readonly Oracle[],
  ) {}

  /** Nobody is loaded any more. */
  clear(): void {
    this.waiting.clear();
  }

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  load(c: Case, known: Known, coming: Iterable<Coming>): LoadedCase {
    const { waiting } = this;
    const loaded = waiting.get(c);
    waiting.delete(c);
    if (loaded !== undefined) return loaded;
    const first = this.loadAlone(c, known);
    if (!isWell(first)) return first;
    for (const [next, one] of this.loadMore(slotsOf(c), coming)) {
      if (isWell(one)) {
        waiting.set(next, { ...one, hasCompany: true });
        continue;
      }
      this.apart.add(next);
      // The kernel says no, and everybody agrees that it has done nothing.
      if (one.objections.length === 0) break;
      this.kernel.renew();
      return this.loadAlone(c, known);
    }
    return { ...first, hasCompany: !this.isEmpty };
  }

  /** With nobody else. */
  loadAlone({ env }: Case, { codes }: Known): LoadedCase {
    const load = this.kernel.session.load(codes, env);
    return { load, live: loadedBy(load), objections: askAbout(load, this.oracles), hasCompany: false };
  }

  private *loadMore(taken: number, coming: Iterable<Coming>): Generator<readonly [Case, LoadedCase]> {
    let slots = taken;
    for (const [next, { known }] of coming) {
      slots += slotsOf(next);
      if (this.waiting.size === MOST || slots > MOST_SLOTS || this.apart.has(next)) return;
      if (known.kind !== "invalid" && !this.waiting.has(next)) yield [next, this.loadAlone(next, known)];
    }
  }
}

const isWell = ({ live, objections }: LoadedCase): boolean => typeof live !== "string" && objections.length === 0;

export const slotsOf = ({ program }: Case): number => program.code.reduce((sum, code) => sum + code.length, 0);
