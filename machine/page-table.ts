// Virtual page -> physical frame and permission, in two levels as hardware has it: a map of leaves, a leaf of 512 pages.
// Mappings are immutable; a change of permission is a new one, so that whoever kept the old one holds what a TLB would.

import type { Va } from "./address.js";
import type { CodeLines } from "./coherence.js";

/** Never writable and executable at once. */
export type Permission = "rw" | "ro" | "rox";

/** A physical page. Several mappings may show the same frame. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The same bytes as little-endian words. */
  readonly words: Uint32Array;
  /** Undefined where fetches are not followed. */
  lines: CodeLines | undefined;
  /** It is mapped executable: at one place at most, as aliases never are. */
  isCode: boolean;
}
export interface Mapping {
  readonly frame: Frame;
  readonly permission: Permission;
}

/** Of a page that nobody has looked at yet: its frame is taken and filled when somebody does. */
export class PendingMapping implements Mapping {
  private made: Frame | undefined;

  /** @param take a frame with the page's contents */
  constructor(
    readonly permission: Permission,
    private readonly take: () => Frame,
  ) {}

  get isMade(): boolean {
    return this.made !== undefined;
  }

  get frame(): Frame {
    if (this.made === undefined) {
      this.made = this.take();
      this.made.isCode = this.permission === "rox";
    }
    return this.made;
  }
}

type Leaf = (Mapping | undefined)[];
const LEAF_PAGES = 512;
/** How many changes are remembered; pages that change one behind the other count as one. */
const CHANGES = 128;

export class PageTable {
  private readonly leaves = new Map<number, Leaf>();
  private readonly perPage: number;
  private readonly perLeaf: number;
  private lastKey = -1;
  private lastLeaf: Leaf | undefined;
  /** Rises with every change. Who caches mappings compares it. */
  generation = 0;
  /** The last changes: from which page to which, and the generation before each. */
  private readonly changedFrom = new Float64Array(CHANGES);
  private readonly changedTo = new Float64Array(CHANGES);
  private readonly changedSince = new Float64Array(CHANGES);
  private changes = 0;

  constructor(readonly pageBytes: number) {
    this.perPage = 1 / pageBytes;
    this.perLeaf = this.perPage / LEAF_PAGES;
  }

  get(va: Va): Mapping | undefined {
    const key = Math.floor(va * this.perLeaf);
    if (key !== this.lastKey) {
      this.lastKey = key;
      this.lastLeaf = this.leaves.get(key);
    }
    return this.lastLeaf?.[(va * this.perPage) & (LEAF_PAGES - 1)];
  }

  /** Without those that nobody has looked at yet. */
  eachFrame(visit: (frame: Frame) => void): void {
    for (const leaf of this.leaves.values()) {
      for (const mapping of leaf) {
        const isThere = mapping instanceof PendingMapping ? mapping.isMade : mapping !== undefined;
        if (isThere) visit(mapping!.frame);
      }
    }
  }

  /**
   * Visit the pages that have changed since a generation, and maybe others.
   *
   * @returns false, with nothing visited, if so many have that not all are remembered.
   */
  eachChange(since: number, visit: (va: Va, bytes: number) => void): boolean {
    if (since < 0) return false;
    let first = this.changes;
    for (let upTo = this.generation; upTo > since; upTo = this.changedSince[first % CHANGES]!) {
      if (first === 0 || this.changes - first === CHANGES) return false;
      first--;
    }
    for (let i = first; i < this.changes; i++) {
      const from = this.changedFrom[i % CHANGES]!;
      visit(from, this.changedTo[i % CHANGES]! - from);
    }
    return true;
  }

  private remember(page: Va): void {
    const last = (this.changes - 1) % CHANGES;
    if (this.changes > 0 && this.changedTo[last] === page) this.changedTo[last] = page + this.pageBytes;
    else {
      const at = this.changes++ % CHANGES;
      this.changedFrom[at] = page;
      this.changedTo[at] = page + this.pageBytes;
      this.changedSince[at] = this.generation;
    }
    this.generation++;
  }

  /** Set or, with undefined, remove the mapping of the page that holds `va`. */
  set(va: Va, mapping: Mapping | undefined): void {
    this.remember(va - (va % this.pageBytes));
    const key = Math.floor(va * this.perLeaf);
    let leaf = this.leaves.get(key);
    if (leaf === undefined) {
      leaf = new Array<Mapping | undefined>(LEAF_PAGES).fill(undefined);
      this.leaves.set(key, leaf);
      this.lastKey = -1;
    }
    const index = (va * this.perPage) & (LEAF_PAGES - 1);
    const before = leaf[index];
    if (before?.permission === "rox") before.frame.isCode = false;
    if (mapping?.permission === "rox" && !(mapping instanceof PendingMapping)) mapping.frame.isCode = true;
    leaf[index] = mapping;
  }
}
