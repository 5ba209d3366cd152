import { describe, expect, test } from "vitest";
import { defaultSubject } from "../../subjects/index.js";
import { compareBytes, describeVerdict } from "./bytes.js";
import excerpts from "./excerpts.json" with { type: "json" };
import { type Recording, type RecordKind, readRecording } from "./recording.js";
import { resolve } from "./resolve.js";

function read(kind: RecordKind, fields: object): Recording {
  const recording = readRecording(kind, fields);
  if (!recording.ok) throw new Error(recording.message);
  return recording.value;
}
const line = (fields: object): Recording => read("generated", fields);
const vector = (name: string): Recording => read("vector", excerpts.vectors.find((v) => v.name === name)!);
const family = (name: string) => excerpts.generated.find((g) => g.family === name)!;

describe("emitted bytes equal recorded ones", () => {
  test.each(excerpts.generated.map((g) => [g.family, g.cpu, g] as const))("%s on %s", (_name, _cpu, fields) => {
    expect(describeVerdict(compareBytes(line(fields)))).toMatch(/^equal \(\d+ words\)$/);
  });

  test.each(excerpts.vectors.map((v) => [v.name, v.run, v] as const))(
    "%s on %s, whole memory",
    (_name, _run, fields) => {
      expect(describeVerdict(compareBytes(read("vector", fields)))).toMatch(/^equal \(\d+ words\)$/);
    },
  );
});

describe("a difference is seen wherever it is", () => {
  const recording = vector("probe");
  const [recorded] = recording.functions;
  const region = recorded?.region ?? { bytes: new Uint8Array(0), imageOffset: 0 };
  const withRegion = (bytes: Uint8Array): Recording => ({
    ...recording,
    functions: recording.functions.map((f) => ({ ...f, region: { ...region, bytes } })),
  });

  test("every byte of the region counts", () => {
    const table = region.imageOffset + (recorded?.code.length ?? 0) + 8;
    for (let at = 0; at < region.bytes.length; at++) {
      // The mark of an entry and its address tell which loads may fault, so they are taken from there.
      const bytes = region.bytes.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      expect(compareBytes(withRegion(bytes)).kind, `byte ${at}, table at ${table}`).toBe("different");
    }
  });

  test("every byte of the code counts", () => {
    const fields = family("small");
    for (let at = 0; at < fields.jited.length; at += 2) {
      const digit = ((Number.parseInt(fields.jited[at] ?? "0", 16) ^ 1) & 15).toString(16);
      const jited = fields.jited.slice(0, at) + digit + fields.jited.slice(at + 1);
      expect(compareBytes(line({ ...fields, jited })).kind, `byte ${at / 2}`).toBe("different");
    }
  });

  test("the report names function, word, instruction and both words", () => {
    const jited = family("small").jited.replace("e70080d2", "e80080d2");
    expect(compareBytes(line({ ...family("small"), jited }))).toEqual({
      kind: "different",
      function: 0,
      where: "code",
      word: 7,
      pc: 0,
      slot: "r0 = 7",
      expected: 0xd280_00e8,
      emitted: 0xd280_00e7,
    });
  });

  test("an image that is too long or too short differs", () => {
    const { jited } = family("small");
    expect(compareBytes(line({ ...family("small"), jited: `${jited}1f2003d5`, funcLens: [68] }))).toMatchObject({
      word: 16,
      expected: 0xd503_201f,
      emitted: undefined,
    });
    expect(compareBytes(line({ ...family("small"), jited: jited.slice(0, -8), funcLens: [60] }))).toMatchObject({
      word: 15,
      expected: undefined,
      emitted: 0xd61f_0140,
    });
  });
});

describe("what the kernel shows is turned back into what its JIT was handed", () => {
  const ids = (recording: Recording): readonly string[] => {
    const resolved = resolve(recording, defaultSubject);
    if (!resolved.ok) throw new Error(resolved.message);
    return resolved.functions.flatMap(({ insns }) => insns.map(({ row }) => row.id));
  };
  const used = (recording: Recording, pattern: RegExp) => ids(recording).filter((id) => pattern.test(id));

  test("helper 12 is the tail call", () => {
    expect(used(line(family("tail")), /tail call/)).toHaveLength(1);
  });

  test("a map is an address of 64 bits", () => {
    const resolved = resolve(line(family("tail")), defaultSubject);
    const insns = resolved.ok ? (resolved.functions[0]?.insns ?? []) : [];
    const pc = insns.findIndex(({ row }) => row.kind === "lddw");
    expect(insns[pc]?.row.id).toBe("lddw imm64");
    expect((insns[pc + 1]?.imm ?? 0) >>> 16).toBe(0xfff0);
  });

  test("loads that the exception table names may fault", () => {
    expect(used(vector("probe"), /probe/)).toHaveLength(6);
  });

  test("accesses that add the arena's base are arena accesses", () => {
    expect(used(vector("arena"), /^arena/)).toHaveLength(9);
  });

  test("the kernel's own exception callback has no image", () => {
    const resolved = resolve(vector("exc_boundary"), defaultSubject);
    expect(resolved.ok && resolved.functions.map(({ insns }) => insns.length)).toEqual([8]);
  });
});

test("bytes are compared without what only runs need, whatever else is there", () => {
  const { progType, insns, stackDepths, ...rest } = family("mem");
  expect(compareBytes(line({ ...rest, more: [1] })).kind).toBe("equal");
});

describe("what is not a recording is named in one line", () => {
  const message = (fields: object): string => {
    const recording = readRecording("generated", { ...family("small"), ...fields });
    return recording.ok ? "a recording" : recording.message;
  };
  test.each([
    [{ family: 3 }, "family: expected a string, found 3"],
    [{ xlated: "b7z" }, 'xlated: expected pairs of hexadecimal digits, found "b7z"'],
    [{ callBase: "ffff" }, 'callBase: expected an address in hexadecimal, found "ffff"'],
    [{ funcLens: [60] }, "funcLens add up to 60, but jited is 64 bytes long"],
    [{ ksyms: [] }, "ksyms[0]: expected a string, found nothing"],
    [{ ksyms: ["0xffff800082c25894"] }, 'ksyms[0]: expected a multiple of 8, found "0xffff800082c25894"'],
    [{ stackDepths: [0.5] }, "stackDepths[0]: expected an integer, found 0.5"],
  ])("%j", (fields, expected) => {
    expect(message(fields)).toBe(expected);
  });

  test("no object, other functions", () => {
    expect(readRecording("generated", null)).toEqual({
      ok: false,
      message: "recording: expected an object, found null",
    });
    expect(readRecording("vector", [])).toEqual({ ok: false, message: "vector: expected an object, found []" });
    const refused = compareBytes(
      line({ ...family("small"), funcLens: [32, 32], ksyms: ["0x10", "0x20"], stackDepths: [0, 0] }),
    );
    expect(refused).toEqual({ kind: "refused", message: "1 functions in xlated, but 2 images" });
    const unknown = compareBytes(line({ ...family("small"), xlated: "ff00000000000000" }));
    expect(unknown).toEqual({ kind: "refused", message: "xlated: pc 0: opcode 0xff is not an instruction" });
  });
});
