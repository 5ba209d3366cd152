// Trampolines word for word as later kernels make them (`trampolines.json`: made by Debian's images at the addresses that stand
// there, one or more for each change of `impl/versions.ts` that shows in trampolines).

import { readFileSync } from "node:fs";
import { type JitEnv, linuxEnv } from "../../../impl/jit/env.js";
import type { Halves } from "../../../impl/jit/function.js";
import { isTraceable, planOf, type TrampRequest } from "../../../impl/trampoline/arch-trampoline.js";
import { TrampEmitter } from "../../../impl/trampoline/emitter.js";
import type { TrampolineEnv } from "../../../impl/trampoline/env.js";
import { prepareTrampoline } from "../../../impl/trampoline/prepare-trampoline.js";
import { VERSIONS, type Version } from "../../../impl/versions.js";
import type { Va } from "../../../machine/address.js";
import { hexWord } from "../../../spec/bits.js";
import { ILLEGAL } from "../../../spec/text/text.js";
import type { DirectedCase } from "../../subject.js";

interface MadeTrampoline {
  readonly version: Version;
  readonly of: string;
  readonly image: Va;
  readonly record: Halves;
  readonly env: Pick<TrampolineEnv, "original" | "prog">;
  readonly request: TrampRequest;
  /** To the end of its room. */
  readonly words: string;
}

/** Read when it is first asked for. */
let table: readonly MadeTrampoline[] | undefined;

export function trampolinesOf(version: Version): readonly MadeTrampoline[] {
  table ??= JSON.parse(readFileSync(new URL("./trampolines.json", import.meta.url), "utf8")) as typeof table;
  return table!.filter((one) => one.version === version);
}

/** As `words` above is written; nothing if there is no such trampoline. */
export function trampolineWords({ image, record, env: text, request, words }: MadeTrampoline, env: JitEnv): string {
  const around: TrampolineEnv = { ...env, ...text };
  if (!isTraceable(around, request)) return "";
  const room = new Uint32Array(words.split(" ").length).fill(ILLEGAL);
  const code = new Uint32Array(2 * room.length);
  const e = new TrampEmitter({ image: code, roImage: image });
  prepareTrampoline(e, planOf(around, request, record));
  if (e.words > room.length) return `${e.words} words`;
  room.set(code.subarray(0, e.words));
  return Array.from(room, hexWord).join(" ");
}

export const LATER_TRAMPOLINES: readonly DirectedCase[] = VERSIONS.map((version) => ({
  name: `trampolines as Linux ${version} makes them`,
  check() {
    for (const made of trampolinesOf(version)) {
      const got = trampolineWords(made, linuxEnv(version));
      if (got !== made.words) return `${made.of}: ${got}, expected ${made.words}`;
    }
    return undefined;
  },
}));
