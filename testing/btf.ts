// Writes BTF for tests: types in the order in which they are added, and lists of source lines and CO-RE relocations.

const NUMBERS = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  typedef: 8,
  func: 12,
  funcProto: 13,
  var: 14,
  datasec: 15,
  declTag: 17,
};

interface Record {
  readonly offset: number;
  /** Of names, and numbers as they are. */
  readonly words: readonly (string | number)[];
}

export class BtfBuilder {
  private names = "\0";
  private readonly types: number[][] = [];

  /** @param words what follows the 12 bytes of the type: names and numbers. Returns the number of the type. */
  add(
    kind: keyof typeof NUMBERS | number,
    name: string,
    sizeOrType: number,
    words: readonly (string | number)[] = [],
    members = 0,
  ): number {
    const number = typeof kind === "number" ? kind : NUMBERS[kind];
    const rest = words.map((word) => (typeof word === "string" ? this.name(word) : word));
    return this.types.push([this.name(name), ((number << 24) | members) >>> 0, sizeOrType, ...rest]);
  }

  int(name: string, bytes: number): number {
    return this.add("int", name, bytes, [bytes * 8]);
  }

  /** `members`: name, type, and offset in bits. */
  struct(name: string, bytes: number, members: readonly (readonly [string, number, number])[]): number {
    return this.add("struct", name, bytes, members.flat(), members.length);
  }

  /** A variable of `.maps`: its numbers, and the sizes of key and value as types. */
  map(
    name: string,
    numbers: Readonly<{ [field: string]: number }>,
    types: Readonly<{ [field: string]: number }> = {},
  ): number {
    const int = this.int("int", 4);
    const members = [
      ...Object.entries(numbers).map(
        ([field, length]) => [field, this.add("array", "", 0, [int, int, length])] as const,
      ),
      ...Object.entries(types),
    ].map(([field, type], i) => [field, this.add("ptr", "", type), 64 * i] as const);
    return this.add("var", name, this.struct("", 8 * members.length, members), [1]);
  }

  section(
    name: string,
    variables: readonly { readonly type: number; readonly offset: number; readonly size: number }[],
  ): number {
    const words = variables.flatMap(({ type, offset, size }) => [type, offset, size]);
    return this.add("datasec", name, 0, words, variables.length);
  }

  bytes(): Uint8Array {
    const types = Uint32Array.from(this.types.flat());
    const names = new Uint8Array(Buffer.from(this.names));
    const header = Uint32Array.of(0x1eb9f, 24, 0, types.byteLength, types.byteLength, names.length);
    return new Uint8Array(Buffer.concat([new Uint8Array(header.buffer), new Uint8Array(types.buffer), names]));
  }

  /** `.BTF.ext`. `lines` and `core` by section: lines are [file, text, line << 10], CO-RE [type, access, kind]. */
  ext(lines: Readonly<{ [section: string]: readonly Record[] }>, core: typeof lines = {}): Uint8Array {
    const [first, second] = [this.records(lines), this.records(core)];
    const bytes = (words: readonly number[]): number => 4 * words.length;
    const header = [0x1eb9f, 32, 0, 0, 0, bytes(first), bytes(first), bytes(second)];
    return new Uint8Array(Uint32Array.from([...header, ...first, ...second]).buffer);
  }

  private records(lists: Readonly<{ [section: string]: readonly Record[] }>): readonly number[] {
    const words = Object.entries(lists).flatMap(([section, records]) => [
      ...[this.name(section), records.length],
      ...records.flatMap(({ offset, words: rest }) => [
        offset,
        ...rest.map((word) => (typeof word === "string" ? this.name(word) : word)),
      ]),
    ]);
    return words.length === 0 ? [] : [16, ...words];
  }

  private name(text: string): number {
    if (text === "") return 0;
    const at = Buffer.byteLength(this.names);
    this.names += `${text}\0`;
    return at;
  }
}
