import { describe, expect, test } from "vitest";
import { type AttachedProgram, type Attachment, type Step, traced } from "./traced.js";

const program = (id: number, fields: Partial<AttachedProgram> = {}): AttachedProgram => ({
  id,
  cookie: 0n,
  sleepable: false,
  recursionChecked: true,
  lsmCgroup: false,
  start: 1n,
  result: 0n,
  ...fields,
});
const attachment = (fields: Partial<Attachment>): Attachment => ({
  fentry: [],
  fmodRet: [],
  fexit: [],
  structOps: undefined,
  ip: undefined,
  record: 5n,
  released: false,
  ...fields,
});
const call = { args: [1n, 2n], original: 9n };

const short = (step: Step): string => {
  switch (step.kind) {
    case "run":
      return `run ${step.program}${step.retval === undefined ? "" : ` (${step.retval})`}`;
    case "enter":
    case "exit":
      return `${step.kind} ${step.program}`;
    default:
      return step.kind;
  }
};
const told = (fields: Partial<Attachment>): readonly [string, bigint | undefined] => {
  const { steps, result } = traced(attachment(fields), call);
  return [steps.map(short).join(", "), result];
};

test("nothing attached: the function", () => {
  expect(traced(undefined, call)).toEqual({ steps: [{ kind: "original", args: [1n, 2n] }], result: 9n });
});

describe("in the order of their kinds", () => {
  test("before the function, which is then gone back to", () => {
    expect(told({ fentry: [program(1), program(2)] })).toEqual([
      "enter 1, run 1, exit 1, enter 2, run 2, exit 2, original",
      9n,
    ]);
  });

  test("behind it, with its result", () => {
    expect(told({ fexit: [program(3)] })).toEqual(["keep, original, enter 3, run 3 (9), exit 3, letGo", 9n]);
  });

  test("in place of it, once one of them has decided", () => {
    const fmodRet = [program(1), program(2, { result: 7n }), program(3)];
    expect(told({ fmodRet, fexit: [program(4)] })).toEqual([
      "keep, enter 1, run 1 (0), exit 1, enter 2, run 2 (0), exit 2, enter 4, run 4 (7), exit 4, letGo",
      7n,
    ]);
  });
});

test("a program that was removed is passed over, and decides nothing; the trampoline is as it was", () => {
  const fmodRet = [program(1, { result: 7n }), program(2)];
  const attached = { fentry: [program(0)], fmodRet, fexit: [program(3)] };
  expect(told({ ...attached, passedOver: new Set([0, 1]) })).toEqual([
    "keep, enter 2, run 2 (0), exit 2, original, enter 3, run 3 (9), exit 3, letGo",
    9n,
  ]);
  expect(told({ ...attached, passedOver: new Set([0, 1, 2, 3]) })).toEqual(["keep, original, letGo", 9n]);
});

test("a program that must not run decides nothing", () => {
  expect(told({ fmodRet: [program(1, { start: 0n, result: 7n })] })).toEqual([
    "keep, enter 1, exit 1, original, letGo",
    9n,
  ]);
});

test("a trampoline that is released meanwhile passes over what is behind the function", () => {
  expect(told({ fexit: [program(1)], released: true })).toEqual(["keep, original, letGo", 9n]);
});

test("struct_ops: the program is the function", () => {
  expect(told({ fentry: [program(1, { result: 3n })], structOps: { returns: true } })).toEqual([
    "enter 1, run 1, exit 1",
    3n,
  ]);
});

describe("a session", () => {
  const session = program(1, { session: { leaves: undefined } });
  const keeping = program(2, { session: { leaves: 77n } });
  const runs = (fields: Partial<Attachment>) =>
    traced(attachment(fields), call).steps.flatMap((step) => (step.kind === "run" ? [step] : []));

  test("runs at entry, when the result is 0, and at exit, and is told which", () => {
    const both = runs({ fentry: [session, program(3)], fexit: [session] });
    expect(both.map(({ program: id, retval, session: told }) => [id, retval, told?.isReturn])).toEqual([
      [1, 0n, false],
      [3, 0n, undefined],
      [1, 9n, true],
    ]);
  });

  test("finds in bytes of its own nothing at entry, and at exit what it left", () => {
    const other = program(4, { session: { leaves: 78n } });
    const all = runs({ fentry: [session, keeping, other], fexit: [session, keeping, other] });
    expect(all.map(({ program: id, session: told }) => [id, told?.finds])).toEqual([
      ...[
        [1, undefined],
        [2, 0n],
        [4, 0n],
      ],
      ...[
        [1, undefined],
        [2, 77n],
        [4, 78n],
      ],
    ]);
  });

  test("that is not entered does not run, and without one nobody is told of a result before there is one", () => {
    expect(runs({ fentry: [program(1, { session: { leaves: undefined }, start: 0n })] })).toEqual([]);
    expect(runs({ fentry: [program(3)], fexit: [program(3)] })[0]).toMatchObject({ retval: undefined });
  });
});

test("argument words beyond eight are told and passed on like others", () => {
  const args = Array.from({ length: 12 }, (_, i) => BigInt(i));
  const { steps } = traced(attachment({ fentry: [program(1)] }), { args, original: 1n });
  expect(steps).toContainEqual(expect.objectContaining({ kind: "run", nregs: 12n, args }));
  expect(steps.at(-1)).toEqual({ kind: "original", args });
});
