// What V8's log of hidden classes (`--log-maps`) says: which functions made objects of shapes that nobody had seen before.

/** Where objects of new shapes were made, and how many. */
export interface Shapes {
  /** `function file:line`, as compiled. */
  readonly where: string;
  readonly count: number;
}

interface Code {
  readonly start: number;
  readonly bytes: number;
  readonly name: string;
}

/**
 * @param from bytes of the log that are told of code alone: what was made before is left out
 * @returns the most first
 */
export function shapesIn(log: string, from: number): readonly Shapes[] {
  const codes: Code[] = [];
  const made: { readonly pc: number; readonly place: string }[] = [];
  let at = 0;
  for (const line of log.split("\n")) {
    const fields = line.split(",");
    if (fields[0] === "code-creation") codes.push(codeOf(fields));
    // A change of a field's representation, or of a prototype, is made once and not with each object.
    else if (fields[0] === "map" && fields[1] === "Transition" && at >= from) {
      made.push({ pc: Number.parseInt(fields[5] ?? "", 16), place: fields[6] ?? "" });
    }
    at += line.length + 1;
  }
  codes.sort((a, b) => a.start - b.start);
  const counts = new Map<string, number>();
  for (const { pc, place } of made) {
    const where = `${nameAt(codes, pc)}, line ${place}`;
    counts.set(where, (counts.get(where) ?? 0) + 1);
  }
  return [...counts].map(([where, count]) => ({ where, count })).sort((a, b) => b.count - a.count);
}

/** `code-creation,KIND,TIER,TIME,START,BYTES,NAME FILE:LINE:COLUMN,...` */
const codeOf = ([, , , , start = "", bytes = "", name = ""]: readonly string[]): Code => ({
  start: Number.parseInt(start, 16),
  bytes: Number(bytes),
  name: name.replace(/:\d+:\d+$/, "").replace(/file:\S*\/dist\//, ""),
});

/** The code that an address is of. */
function nameAt(codes: readonly Code[], pc: number): string {
  let low = 0;
  let high = codes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codes[middle]!.start <= pc) low = middle + 1;
    else high = middle;
  }
  const code = codes[low - 1];
  return code !== undefined && pc < code.start + code.bytes ? code.name : "unknown code";
}
