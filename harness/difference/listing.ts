// The images of two kernels beside each other, as data: part by part, word beside word where they are alike.

import { type Disassemble, openDisassembler } from "../../engines/capstone/disassembler.js";
import { pointer } from "../../machine/address.js";
import { aligned } from "../../properties/differences/align.js";
import type { Difference } from "../../properties/differences/compare.js";
import type { Images } from "../../properties/differences/images.js";
import { type ImagePart, type PartWord, partsOfImage, tableOf } from "../../properties/differences/parts.js";
import { hexWord } from "../../spec/bits.js";

/** One word of each, or of one alone: eight digits and what they say. */
export interface PairedWords {
  readonly a: string | null;
  readonly b: string | null;
  readonly same: boolean;
}
export interface PairedPart {
  /** `<prologue>`, or an instruction with its index. */
  readonly title: string;
  readonly same: boolean;
  readonly words: readonly PairedWords[];
}
/** Of the function in which the programs differ. */
export type ListedDifference = readonly PairedPart[];

/** @param place where they differ; default: the first function */
export async function listDifference(
  images: readonly Images[],
  place: Difference["place"] | undefined,
): Promise<ListedDifference> {
  const disassemble = await openDisassembler();
  const [a, b] = images.map((image) => (image.ok ? image.functions[place?.fn ?? 0] : undefined));
  const [mine, theirs] = [a, b].map((fn) => (fn === undefined ? [] : partsOfImage(fn)));
  const parts = (mine!.length > 0 ? mine! : theirs!).map((part, i) =>
    pairedPart(part, mine![i], theirs![i], disassemble),
  );
  const tables = [a, b].map((fn) =>
    fn === undefined ? [] : tableOf(fn).map(({ at, says }) => ({ text: `${at}: ${says}`, says: `${at} ${says}` })),
  );
  if (tables.every(({ length }) => length === 0)) return parts;
  const words = paired(tables[0]!, tables[1]!);
  return [...parts, { title: "<exception table>", same: words.every(({ same }) => same), words }];
}

function pairedPart(
  { part, bpf }: ImagePart,
  a: ImagePart | undefined,
  b: ImagePart | undefined,
  disassemble: Disassemble,
): PairedPart {
  const title = typeof part === "number" ? `${String(part).padStart(4)}: ${bpf}` : `<${part}>`;
  const line = ({ va, word, says }: PartWord): Line => ({
    says,
    text: `${hexWord(word)}  ${disassemble(word, pointer(va)) ?? "undefined instruction"}`,
  });
  const words = paired((a?.words ?? []).map(line), (b?.words ?? []).map(line));
  return { title, same: words.every(({ same }) => same), words };
}

interface Line {
  readonly says: string;
  readonly text: string;
}

const paired = (a: readonly Line[], b: readonly Line[]): readonly PairedWords[] =>
  aligned(a, b).map((row) => ({ a: row.a?.text ?? null, b: row.b?.text ?? null, same: row.same }));
