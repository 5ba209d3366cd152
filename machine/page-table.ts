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

type Leaf = (Mapping | undefined)[];
const LEAF_PAGES = 512;
/** How many changes are remembered. */
const CHANGES = 128;

export class PageTable {
  private readonly leaves = new Map<number, Leaf>();
  private readonly perPage: number;
  private readonly perLeaf: number;
  private lastKey = -1;
  private lastLeaf: Leaf | undefined;
  /** Rises with every change. Who caches mappings compares it. */
  generation = 0;
  /** An address in the page of each of the last changes, by generation. */
  private readonly changes = new Float64Array(CHANGES);

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

  eachFrame(visit: (frame: Frame) => void): void {
    for (const leaf of this.leaves.values())
      for (const mapping of leaf) if (mapping !== undefined) visit(mapping.frame);
  }

  /**
   * Visit an address of each page that has changed since a generation.
   *
   * @returns false, with nothing visited, if so many have that not all are remembered.
   */
  eachChange(since: number, visit: (va: Va) => void): boolean {
    if (since < 0 || this.generation - since > CHANGES) return false;
    for (let at = since; at < this.generation; at++) visit(this.changes[at % CHANGES]!);
    return true;
  }

  /** Set or, with undefined, remove the mapping of the page that holds `va`. */
  set(va: Va, mapping: Mapping | undefined): void {
    this.changes[this.generation++ % CHANGES] = va;
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
    if (mapping?.permission === "rox") mapping.frame.isCode = true;
    leaf[index] = mapping;
  }
}
