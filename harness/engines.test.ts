import { afterEach, expect, test } from "vitest";
import type { Engine } from "../engines/engine.js";
import { ENGINES } from "../engines/index.js";
import { referenceEngine } from "../engines/reference/engine.js";
import { checkCase, makeChecker } from "../properties/cases/program/check.js";
import { bpf } from "../spec/bpf/text/bpf.js";
import { chooseEngines } from "./engines.js";

/** One more engine, which is wrong about the lowest bit of every result: a value, and a line in the list. */
const toy: Engine = {
  name: "toy",
  unavailable: () => undefined,
  run(run) {
    const outcome = referenceEngine.run(run);
    return outcome.kind === "returned" ? { ...outcome, x0: outcome.x0 ^ 1n } : outcome;
  },
};
const list = ENGINES as Engine[];

afterEach(() => void list.splice(list.indexOf(toy), 1));

test("an engine of the list can be chosen, and what it does is compared", () => {
  list.push(toy);
  expect(chooseEngines("toy")).toEqual({ ok: true, value: { engines: [toy], absent: [] } });
  const c = {
    program: { code: [bpf("r0 = 2; exit")], maps: [], context: "memory" as const },
    inputs: [new Uint8Array(8)],
    env: { cpu: "lse" as const, hole: 0 },
  };
  expect(checkCase(c, makeChecker({ engines: [toy] }))).toMatchObject({
    verdict: { kind: "disagree", where: "r0", expected: "0x0000000000000002", got: "0x0000000000000003" },
  });
});
