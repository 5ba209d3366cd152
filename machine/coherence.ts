// Which fetches may still see older bytes. The architecture lets an instruction cache keep a line until it is invalidated
// after the data cache was cleaned, and lets a CPU run what it fetched before until it synchronizes. So each 64-byte line
// is followed through written -> cleaned -> invalidated, and each CPU has a time of its last synchronization. Hardware that
// needs less (CTR_EL0.IDC, DIC) would hide mistakes; this one needs everything.

/** Of both caches, as CTR_EL0 of our machine says. */
export const LINE_BYTES = 64;

const CURRENT = 0;
const WRITTEN = 1;
const CLEANED = 2;

export type Staleness = "notCleaned" | "notInvalidated" | "notSynchronized";

/** The lines of one page that code may come to lie in. */
export class CodeLines {
  private readonly state: Uint8Array;
  /** The time at which the line was last invalidated. */
  private readonly since: Float64Array;
  /** Of the page: how many lines are not current, and when one was last invalidated. */
  private pending = 0;
  private latest = 0;

  constructor(pageBytes: number) {
    this.state = new Uint8Array(pageBytes / LINE_BYTES);
    this.since = new Float64Array(pageBytes / LINE_BYTES);
  }

  /** As a page that nothing is known of yet. */
  reset(): void {
    this.state.fill(CURRENT);
    this.since.fill(0);
    this.pending = 0;
    this.latest = 0;
  }

  /** Bytes [from, to) of the page were stored. */
  written(from: number, to: number): void {
    const end = lineEnd(to);
    for (let line = firstLine(from); line < end; line++) {
      if (this.state[line] === CURRENT) this.pending++;
      this.state[line] = WRITTEN;
    }
  }

  cleaned(from: number, to: number): void {
    const end = lineEnd(to);
    for (let line = firstLine(from); line < end; line++) {
      if (this.state[line] === WRITTEN) this.state[line] = CLEANED;
    }
  }

  /** A line that was not cleaned before can be fetched in its old version again, so it stays as it is. */
  invalidated(from: number, to: number, now: number): void {
    const end = lineEnd(to);
    for (let line = firstLine(from); line < end; line++) {
      if (this.state[line] !== CLEANED) continue;
      this.state[line] = CURRENT;
      this.since[line] = now;
      this.latest = now;
      this.pending--;
    }
  }

  /** The first byte of [from, to) that a CPU which synchronized at `synced` may see in an older version. */
  stale(from: number, to: number, synced: number): { readonly at: number; readonly why: Staleness } | undefined {
    // Nearly always all of the page may be fetched.
    if (this.pending === 0 && this.latest <= synced) return undefined;
    const end = lineEnd(to);
    for (let line = firstLine(from); line < end; line++) {
      const at = Math.max(from, line * LINE_BYTES);
      if (this.state[line] === WRITTEN) return { at, why: "notCleaned" };
      if (this.state[line] === CLEANED) return { at, why: "notInvalidated" };
      if (this.since[line]! > synced) return { at, why: "notSynchronized" };
    }
    return undefined;
  }
}

const firstLine = (from: number): number => Math.floor(from / LINE_BYTES);
const lineEnd = (to: number): number => Math.ceil(to / LINE_BYTES);
