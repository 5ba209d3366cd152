// The machine that programs run on: mapped pages with permissions. See page.ts for what a page is.

import type { Va } from "./address.js";

/** Never writable and executable at once. */
export type Permission = "rw" | "ro" | "rox";

/** A physical page. Several mappings may show the same frame. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}
export interface Mapping {
  readonly frame: Frame;
  readonly permission: Permission;
}

/** Placeholder for the class that implements it. */
export interface Machine {
  readonly pageBytes: number;
  /** The mapping of the page that holds `va`, as the data side or a fetch sees it; undefined if unmapped. */
  mapping(va: Va): Mapping | undefined;
}
