// Names in a table of strings that end with a zero byte. Offsets may share tails, so a hostile table could stand for far
// more characters than it has bytes: the sum is bounded.

import { Malformed } from "../malformed.js";

/** No compiler's name is longer. */
const MOST_NAME_BYTES = 4096;
const MOST_SHARING = 16;
const AT_LEAST = 1 << 16;

export class Names {
  readonly #known = new Map<number, string>();
  #budget: number;

  /** @param what the table, for messages: `the section names`. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly what: string,
  ) {
    this.#budget = AT_LEAST + MOST_SHARING * bytes.length;
  }

  /** @throws Malformed if there is no whole name there. */
  at(offset: number): string {
    const known = this.#known.get(offset);
    if (known !== undefined) return known;
    const { bytes, what } = this;
    if (offset >= bytes.length) {
      if (offset === 0) return "";
      throw new Malformed(`a name within ${what}, which have ${bytes.length} bytes`, `offset ${offset}`);
    }
    const end = bytes.indexOf(0, offset);
    if (end < 0) throw new Malformed(`${what} to end with a zero byte`, `a name without an end at offset ${offset}`);
    const length = end - offset;
    this.#budget -= length;
    if (length > MOST_NAME_BYTES) throw new Malformed(`a name of at most ${MOST_NAME_BYTES} bytes`, `${length}`);
    if (this.#budget < 0) throw new Malformed(`names that ${what} have room for`, "names that share their bytes");
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString("utf8");
    this.#known.set(offset, name);
    return name;
  }
}
