// The words that a CPU fetches: those of the page at hand, until it leaves the page or mappings change.

import type { Va } from "../../machine/address.js";
import type { Machine, Mapping } from "../../machine/machine.js";
import { explain } from "../../spec/a64/decode.js";
import { unnamedRegister } from "../../spec/a64/system-registers.js";
import { hexWord } from "../../spec/bits.js";

const NO_PAGE = -1;

export class Fetch {
  private page: Va = NO_PAGE;
  private code!: DataView;
  /** Code may come to lie there, or translations are stale: what is fetched must be looked at. */
  isTracked = false;
  private readonly pageBytes: number;

  constructor(private readonly machine: Machine) {
    this.pageBytes = machine.pageBytes;
  }

  /** Mappings may have changed. */
  forget(): void {
    this.page = NO_PAGE;
  }

  isOnPage(pc: Va): boolean {
    const offset = pc - this.page;
    return offset >= 0 && offset < this.pageBytes && this.page !== NO_PAGE;
  }

  /** Turn to the page of `pc`. @returns why nothing can be fetched from there, if so */
  open(pc: Va): string | undefined {
    const mapping: Mapping | undefined = this.machine.mapping(pc);
    if (mapping === undefined) return "fetch from an unmapped page";
    if (mapping.permission !== "rox") return `fetch from a page that is ${mapping.permission}`;
    this.page = pc - (pc % this.pageBytes);
    this.code = mapping.frame.view;
    this.isTracked = mapping.frame.lines !== undefined || this.machine.staleTranslations.length > 0;
    return undefined;
  }

  /** @param pc on the page at hand, a multiple of 4 */
  word(pc: Va): number {
    return this.code.getUint32(pc - this.page, true);
  }
}

/** Why the word is no instruction that can be executed. */
export function unknownWord(word: number): string {
  const register = unnamedRegister(word);
  const what = register === undefined ? explain(word) : `system register ${register}, which is not modelled`;
  return `${hexWord(word)}: ${what}`;
}
