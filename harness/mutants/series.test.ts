// The mistakes of the series' own changelog, planted one at a time: each is caught by the oracle that names it.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Violation } from "../../properties/cases/history/check.js";
import { type Mutant, parseMutant } from "./mutant.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DIRECTORY = path.join(ROOT, "mutants", "series");

/** By id: the oracles that object, and a history that shows it. */
const CAUGHT: Readonly<Record<string, { readonly by: readonly string[]; readonly history: string }>> = {
  S01: { by: ["flush-covers-writes", "no-stale-fetch"], history: "load #0 (r0 = 1 .., 2 insns)\nrun #0 on cpu 1" },
  S02: { by: ["flush-covers-writes"], history: "load #0 (r0 = 1 .., 2 insns)\nfree #0" },
  S03: { by: ["flush-covers-writes", "no-stale-fetch"], history: "load #0 (r0 = 1 .., 2 insns)\nrun #0 on cpu 1" },
  S04: { by: ["fallback-is-clean"], history: "load #0 (r0 = 1 .., 2 insns); copy 1 fails" },
  S05: { by: ["w-xor-x", "flush-covers-writes"], history: "load #0 (r0 = 1 .., 2 insns)" },
  S06: { by: ["no-crash"], history: "load #0 (r0 = 1 .., 1200 insns)" },
  S07: { by: ["relative-to-ro"], history: "load #0 (r0 = 1 .., 2 insns, 1 probe)" },
  S08: { by: ["relative-to-ro"], history: "load #0 (r0 = 1 .., 2 insns, 1 probe)" },
  S09: { by: ["flush-covers-writes"], history: "load #0 (r0 = 1 .., 2 insns)\nfree #0" },
};

interface Planted {
  readonly mutant: Mutant;
  readonly file: string;
}
const PLANTED: readonly Planted[] = readdirSync(DIRECTORY).map((name) => {
  const file = path.join(DIRECTORY, name);
  const parsed = parseMutant(name, "series", readFileSync(file, "utf8"));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return { mutant: parsed.value, file };
});

async function violations(planted: Planted | undefined, history: string): Promise<readonly Violation[]> {
  for (const edited of planted === undefined ? [] : editedFiles(planted.mutant)) {
    vi.doMock(edited, () => import(/* @vite-ignore */ `${edited}?mutant=${planted?.file}&.ts`));
  }
  const { checkHistory } = await import("../../properties/cases/history/check.js");
  const { parseHistory } = await import("../../properties/cases/history/text.js");
  const { ORACLES } = await import("../../properties/oracles/index.js");
  const parsed = parseHistory(history);
  if (!parsed.ok) throw new Error(parsed.error.message);
  // Each oracle by itself, so that none is kept from what comes later.
  return ORACLES.flatMap((oracle) => checkHistory(parsed.value, { oracles: [oracle] }).violations);
}

const editedFiles = ({ edits }: Mutant): ReadonlySet<string> =>
  new Set(edits.map((edit) => path.join(ROOT, edit.file)));

beforeEach(() => vi.resetModules());
afterEach(() => {
  for (const { mutant } of PLANTED) for (const file of editedFiles(mutant)) vi.doUnmock(file);
});

test("the sources as they are pass every one of these histories", async () => {
  for (const { history } of Object.values(CAUGHT)) expect(await violations(undefined, history)).toEqual([]);
});

test.each(PLANTED.map((planted) => ({ ...planted, name: `${planted.mutant.id}: ${planted.mutant.title}` })))(
  "$name",
  async (planted) => {
    const { by, history } = CAUGHT[planted.mutant.id]!;
    const objecting = new Set((await violations(planted, history)).map(({ oracle }) => oracle));
    expect([...objecting]).toEqual(expect.arrayContaining([...by]));
  },
);
