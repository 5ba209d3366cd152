import { describe, expect, test } from "vitest";
import type { RoAddr } from "../../machine/address.js";
import { EventLog } from "../../machine/event.js";
import { hexWord } from "../../spec/bits.js";
import { bpfArchTextPoke } from "./arch-text-poke.js";
import { genBranchOrNop, isLongJump } from "./branch.js";
import type { TrampolineEnv } from "./env.js";
import { ENV, hexWords, trampKernel, withQuirk } from "./testing.js";

const TEXT = 0x8000_8300_0000 as RoAddr;
const NEAR = (TEXT + 0x1000) as RoAddr;
const FAR = 0x8000_9000_0000 as RoAddr;
const FARTHER = 0x8000_a000_0000 as RoAddr;
const NOP = "d503201f";
/** Words of a small program: entry, a return, and the jump behind it. */
const PROGRAM = [0x910003c9, 0xd503201f, 0xd65f03c0, 0xd503201f, 0x5800004a, 0xd61f0140];
const DUMMY = "80040e10 ffff8000";

function setUp(env: TrampolineEnv = ENV): ReturnType<typeof trampKernel> & { readonly log: EventLog } {
  const kernel = trampKernel(env);
  const { machine, symbols } = kernel;
  machine.map(TEXT, 4096, "rox", true);
  const pad = env.bti ? [0xd50324df, ...PROGRAM.filter((_, i) => i !== 3)] : PROGRAM;
  machine.poke(TEXT, new Uint8Array(Uint32Array.of(...pad, 0x80040e10, 0xffff8000).buffer));
  symbols.add({ start: TEXT, bytes: 24 });
  const log = new EventLog();
  machine.onEvent = log.listener;
  return { ...kernel, log };
}
const site = ({ machine }: ReturnType<typeof setUp>, index = 1): string =>
  hexWords(machine, (TEXT + 4 * index) as RoAddr, 1);
const literal = ({ machine }: ReturnType<typeof setUp>): string => hexWords(machine, (TEXT + 24) as RoAddr, 2);

describe("the word of a patch site", () => {
  const REACH = 128 * 2 ** 20;

  test.each([
    [undefined, false],
    [TEXT - REACH, false],
    [TEXT - REACH - 4, true],
    [TEXT + REACH - 4, false],
    [TEXT + REACH, true],
  ])("%j is far: %s", (target, expected) => {
    expect(isLongJump(TEXT, target)).toBe(expected);
  });

  const word = (...args: Parameters<typeof genBranchOrNop>): string | undefined => {
    const made = genBranchOrNop(...args);
    return made === undefined ? made : hexWord(made);
  };
  test.each([
    ["nothing", word("call", TEXT, undefined, undefined), NOP],
    ["a call", word("call", TEXT, TEXT + 64, undefined), "94000010"],
    ["a jump back", word("jump", TEXT, TEXT - 4, undefined), "17ffffff"],
    ["the furthest", word("jump", TEXT, TEXT - REACH, undefined), "16000000"],
    ["further, by way of the jump", word("call", TEXT, TEXT + REACH, TEXT + 16), "94000004"],
    ["further, without one", word("call", TEXT, TEXT + REACH, undefined), undefined],
    ["no instruction", word("call", TEXT, TEXT + 6, undefined), undefined],
  ])("%s", (_, actual, expected) => {
    expect(actual).toBe(expected);
  });
});

describe("the entry of a program", () => {
  test("gets a call and loses it again", () => {
    const kernel = setUp();
    expect(bpfArchTextPoke(kernel, TEXT, "call", undefined, NEAR)).toBe(0);
    expect([site(kernel), literal(kernel)]).toEqual(["940003ff", DUMMY]);
    expect(bpfArchTextPoke(kernel, TEXT, "call", NEAR, undefined)).toBe(0);
    expect([site(kernel), literal(kernel)]).toEqual([NOP, DUMMY]);
  });

  test("gets a jump, if something replaces it", () => {
    const kernel = setUp();
    expect(bpfArchTextPoke(kernel, TEXT, "jump", undefined, NEAR)).toBe(0);
    expect(site(kernel)).toBe("140003ff");
  });

  test("with a landing pad, the site is one further", () => {
    const kernel = setUp({ ...ENV, bti: true });
    expect(bpfArchTextPoke(kernel, TEXT, "call", undefined, NEAR)).toBe(0);
    expect(hexWords(kernel.machine, TEXT, 4)).toBe("d50324df 910003c9 940003fe d65f03c0");
  });

  test.each([
    ["through the alias", ENV],
    ["as upstream", withQuirk("pltPageWritable")],
  ])("far away goes through the jump behind the code: %s", (_, env) => {
    const kernel = setUp(env);
    const states = [FAR, FARTHER, NEAR, FAR, undefined].map((next, i, all) => {
      expect(bpfArchTextPoke(kernel, TEXT, "call", all[i - 1], next)).toBe(0);
      return `${site(kernel)} ${literal(kernel)}`;
    });
    expect(states).toEqual([
      "94000003 90000000 ffff8000",
      "94000003 a0000000 ffff8000",
      `940003ff ${DUMMY}`,
      "94000003 90000000 ffff8000",
      `${NOP} ${DUMMY}`,
    ]);
    expect(kernel.machine.mapping(TEXT)?.permission).toBe("rox");
  });

  test("the address is there before the word that leads to it", () => {
    const kernel = setUp();
    bpfArchTextPoke(kernel, TEXT, "call", undefined, FAR);
    const stores = kernel.log.events().flatMap((e) => (e.kind === "write" ? [[e.va % 4096, e.bytes]] : []));
    expect(stores).toEqual([
      [24, 8],
      [4, 4],
    ]);
  });

  test("from far to far, no word changes", () => {
    const kernel = setUp();
    bpfArchTextPoke(kernel, TEXT, "call", undefined, FAR);
    kernel.log.clear();
    expect(bpfArchTextPoke(kernel, TEXT, "call", FAR, FARTHER)).toBe(0);
    const kinds = kernel.log.events().flatMap((e) => (e.kind === "lock" ? [e.lock] : []));
    expect(kinds).toEqual(["patchLock"]);
  });

  test("the word changes under textMutex, in one store, without interrupting other CPUs", () => {
    const kernel = setUp();
    bpfArchTextPoke(kernel, TEXT, "call", undefined, NEAR);
    const told = kernel.log.events().flatMap((e) => {
      if (e.kind === "lock" || e.kind === "unlock") return [`${e.kind} ${e.lock}`];
      return e.kind === "write" || e.kind === "flush" || e.kind === "ipi" ? [e.kind] : [];
    });
    expect(told).toEqual(["lock textMutex", "lock patchLock", "write", "unlock patchLock", "unlock textMutex"]);
  });
});

describe("inside a text", () => {
  const inside = (TEXT + 12) as RoAddr;

  test("that very word changes", () => {
    const kernel = setUp();
    expect(bpfArchTextPoke(kernel, inside, "jump", undefined, (TEXT + 20) as RoAddr)).toBe(0);
    expect(hexWords(kernel.machine, TEXT, 4)).toBe("910003c9 d503201f d65f03c0 14000002");
  });

  test("there is no way to far places", () => {
    const kernel = setUp();
    expect(bpfArchTextPoke(kernel, inside, "jump", undefined, FAR)).toBe(-22);
    expect(bpfArchTextPoke(kernel, inside, "jump", FAR, undefined)).toBe(-22);
    expect(kernel.warnings).toHaveLength(2);
  });
});

describe("refusals leave everything as it was", () => {
  test.each<[string, readonly [RoAddr, RoAddr | undefined, RoAddr | undefined], number]>([
    ["no BPF text", [FAR, undefined, NEAR], -524],
    ["the address behind the code is none", [(TEXT + 24) as RoAddr, undefined, NEAR], -524],
    ["the site holds something else", [TEXT, NEAR, undefined], -14],
    ["the same again", [TEXT, NEAR, FAR], -14],
    ["no such branch", [TEXT, undefined, (NEAR + 2) as RoAddr], -14],
  ])("%s", (_, [ip, from, to], error) => {
    const kernel = setUp();
    expect(bpfArchTextPoke(kernel, ip, "call", from, to)).toBe(error);
    expect(site(kernel)).toBe(NOP);
    expect(kernel.machine.textMutex.holder).toBeUndefined();
  });

  test.each([
    ["the store of the address", ENV, "copy"],
    ["the page's permission", withQuirk("pltPageWritable"), "setPermission"],
    ["the store into the page", withQuirk("pltPageWritable"), "copy"],
  ] as const)("%s fails", (_, env, step) => {
    const kernel = setUp(env);
    kernel.machine.failures.plan(step, 1);
    expect(bpfArchTextPoke(kernel, TEXT, "call", undefined, FAR)).toBe(-14);
    expect([site(kernel), literal(kernel), kernel.machine.mapping(TEXT)?.permission]).toEqual([NOP, DUMMY, "rox"]);
  });

  test("the store of the word fails", () => {
    const kernel = setUp();
    kernel.machine.failures.plan("copy", 1);
    expect(bpfArchTextPoke(kernel, TEXT, "call", undefined, NEAR)).toBe(-14);
    expect(site(kernel)).toBe(NOP);
  });
});

test("that the old address stays behind the code, where nothing leads any more, is a warning", () => {
  const kernel = setUp();
  bpfArchTextPoke(kernel, TEXT, "call", undefined, FAR);
  kernel.machine.failures.plan("copy", 2);
  expect(bpfArchTextPoke(kernel, TEXT, "call", FAR, undefined)).toBe(0);
  expect([site(kernel), literal(kernel)]).toEqual([NOP, "90000000 ffff8000"]);
  expect(kernel.warnings).toEqual(["the jump behind 0x800083000000 keeps its old address"]);
});

describe("two programs of one page, attached by two CPUs at once", () => {
  /** The second CPU pokes its program where it would not wait for a lock, after `moment` such events. */
  function atOnce(env: TrampolineEnv, moment: number): ReturnType<typeof setUp> {
    const kernel = setUp(env);
    const { machine, symbols } = kernel;
    const other = (TEXT + 64) as RoAddr;
    machine.poke(other, machine.peek(TEXT, 32));
    symbols.add({ start: other, bytes: 24 });
    let left = moment;
    machine.onEvent = () => {
      if (machine.patchLock.holder !== undefined || machine.textMutex.holder !== undefined || left-- !== 0) return;
      machine.onEvent = undefined;
      machine.runOn(1, () => expect(bpfArchTextPoke(kernel, other, "call", undefined, FAR)).toBe(0));
    };
    expect(bpfArchTextPoke(kernel, TEXT, "call", undefined, FAR)).toBe(0);
    return kernel;
  }

  test.each([0, 1, 2, 3, 4])("each gets its trampoline (moment %i)", (moment) => {
    const kernel = atOnce(ENV, moment);
    expect([site(kernel), site(kernel, 17)]).toEqual(["94000003", "94000003"]);
  });

  test("pltPageWritable: one makes the page read-only under the other", () => {
    expect(() => atOnce(withQuirk("pltPageWritable"), 0)).toThrow("badWrite");
  });
});

test("pltPageWritable: a page of running programs is writable for a moment", () => {
  const permissions = (env: TrampolineEnv): readonly unknown[] => {
    const kernel = setUp(env);
    bpfArchTextPoke(kernel, TEXT, "call", undefined, FAR);
    return kernel.log.events().flatMap((e) => (e.kind === "setPermission" ? [[e.va, e.permission]] : []));
  };
  expect(permissions(ENV)).toEqual([]);
  expect(permissions(withQuirk("pltPageWritable"))).toEqual([
    [TEXT, "rw"],
    [TEXT, "rox"],
  ]);
});
