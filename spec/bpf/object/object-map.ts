// A map as an object file has it, whichever way the file says so.

export interface ObjectMap {
  readonly name: string;
  /** Index of a section, and the map's place in it. */
  readonly section: number;
  readonly offset: number;
  /** Of `MAP_TYPES`. */
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly entries: number;
  /** The bytes of a section of data, if not all of them are zero. */
  readonly data?: Uint8Array;
  /** By slot: index of the symbol whose function or map is there from the start. */
  readonly slots?: ReadonlyMap<number, number>;
  /** What iproute2 calls it by: a section `ID/SLOT` is a program of that slot. */
  readonly id?: number;
}
