// The description of a JIT behind a command, as its JSON file has it: schema, defaults, and what is wrong with a file in
// one line. `docs/subjects.md` explains each key.

import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { z as zod } from "zod";
import { HELPERS } from "../../spec/bpf/helpers.js";
import { ROWS } from "../../spec/bpf/isa.js";
import { lazily } from "../../spec/lazily.js";
import { deviationSchema } from "../deviation.js";

const MOST_BYTES = 1 << 20;

const IDS = new Set(ROWS.map(({ id }) => id));
const GROUPS = new Set<string>(ROWS.map(({ group }) => group));
const KINDS = new Set<string>(ROWS.map(({ kind }) => kind));

/** Made when the first description is read: the library is not loaded whenever `rox` starts. */
const descriptorSchema = lazily(() => schemaBy(createRequire(import.meta.url)("zod").z));

function schemaBy(z: typeof zod) {
  const register = z.enum(Array.from({ length: 31 }, (_, i) => `x${i}`));
  /** An id, a group of RFC 9669, or a kind of rows such as `atomic`. */
  const forms = z.string().refine((name) => IDS.has(name) || GROUPS.has(name) || KINDS.has(name), {
    error: ({ input }) => `no instruction form, group or kind is called ${JSON.stringify(input)}`,
  });

  const isa = z
    .strictObject({
      cpu: z.enum(["v1", "v2", "v3", "v4"]).default("v4"),
      /** Left out of what that CPU version has. */
      without: z.array(forms).default([]),
      /** Taken although they are of a later version. */
      with: z.array(forms).default([]),
      localCalls: z.boolean().default(true),
      /** Whether the JIT takes loads of packets by the opcodes LD | ABS and LD | IND, which no generated program has. */
      legacyLoads: z.boolean().default(false),
      atomics: z.enum(["none", "add", "all"]).default("all"),
      loops: z.boolean().default(true),
      pointers: z.boolean().default(true),
      zeroedFrame: z.boolean().default(true),
      unaligned: z.boolean().default(true),
      maps: z.enum(["none", "addresses"]).default("none"),
      mostSlots: z.int().min(2).max(1_000_000).default(4096),
    })
    .prefault({});

  const stack = z
    .strictObject({
      bytes: z.int().min(0).max(4096).multipleOf(8).default(512),
      calleeBytes: z.int().min(0).max(4096).multipleOf(8).default(512),
      /**
       * Where r10 is: `answer`, the bytes below the SP at entry that each answer names; a register that holds it behind the
       * prologue; or `unknown`, and then the frame is not compared.
       */
      frame: z
        .union([z.literal(["answer", "unknown"]), z.strictObject({ registers: z.array(register).min(1) })])
        .default("answer"),
    })
    .prefault({});

  const argument = z.enum(["memory", "length", "helpers"]);
  const entry = z
    .strictObject({
      /** What registers hold at entry. */
      arguments: z.partialRecord(register, argument).default({ x0: "memory" }),
      /** Where r0 comes back. */
      result: register.default("x0"),
      /** What must survive, beside SP. */
      preserved: z
        .array(register)
        .default(["x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29"]),
    })
    .prefault({});

  /** What a helper gets in a register beside its five arguments. */
  const extra = z.enum(["memory", "length", "number"]);
  const helpers = z
    .strictObject({
      numbers: z
        .array(z.int())
        .default([])
        .refine((list) => list.every((id) => HELPERS.has(id)), {
          error: `only helpers ${[...HELPERS.keys()].join(", ")} are known`,
        }),
      /** How the image gets at them: the request names their addresses; or the table of them is where the answer says. */
      by: z.enum(["address", "table", "relocation"]).default("address"),
      extra: z.partialRecord(register, extra).default({}),
    })
    .prefault({});

  return z.strictObject({
    $schema: z.string().optional(),
    name: z.string().regex(/^[\w.+-]{1,40}$/),
    title: z.string().max(200).optional(),
    /** The first word is looked for beside the file if it begins with a dot; so are others. */
    command: z.array(z.string()).min(1),
    /** For the command, on top of ours. A value beginning with a dot is a path beside the file. */
    environment: z.record(z.string(), z.string()).default({}),
    timeoutMs: z.int().min(10).max(600_000).default(10_000),
    isa,
    stack,
    entry,
    helpers,
    deviations: z.array(deviationSchema(z)).default([]),
  });
}

export type Descriptor = zod.infer<ReturnType<typeof schemaBy>>;
export type Extra = NonNullable<Descriptor["helpers"]["extra"]["x0"]>;
export type EntryArgument = NonNullable<Descriptor["entry"]["arguments"]["x0"]>;

/** @returns one line if it is none. */
export function readDescriptor(file: string): Descriptor | string {
  let text: string;
  try {
    if (statSync(file).size > MOST_BYTES) return `a file of more than ${MOST_BYTES} bytes`;
    text = readFileSync(file, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : String((error as Error).message);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `no JSON: ${(error as Error).message}`;
  }
  const read = descriptorSchema().safeParse(value);
  if (!read.success) {
    const { path: at, message } = read.error.issues[0]!;
    return `${at.length === 0 ? "the whole" : at.join(".")}: ${message}`;
  }
  return read.data;
}

/** Words of the command, those that begin with a dot as paths beside the file. */
export const commandOf = ({ command }: Descriptor, file: string): readonly string[] =>
  command.map((word) => beside(word, file));

export const environmentOf = ({ environment }: Descriptor, file: string): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, beside(value, file)]));

const beside = (word: string, file: string): string =>
  word.startsWith("./") || word.startsWith("../") ? path.resolve(path.dirname(file), word) : word;

/** Ids of the rows that a word stands for. */
const idsOf = (word: string): readonly string[] =>
  ROWS.filter(({ id, group, kind }) => id === word || group === word || kind === word).map(({ id }) => id);

/** What no user program has but where it names a source of its own. */
const isWithout = (id: string): boolean => ["lddw variable", "lddw code", "call kfunc"].includes(id);

export function formsOf({ isa: { cpu, without, with: added, localCalls, atomics, maps } }: Descriptor): Set<string> {
  const version = Number(cpu.slice(1));
  const forms = new Set<string>();
  for (const row of ROWS) {
    // What Linux alone has comes by `with`. No program here gets an skb, which legacy loads read.
    if (
      row.group === "kernel" ||
      row.group === "linux" ||
      row.group === "packet" ||
      row.cpu > version ||
      isWithout(row.id)
    )
      continue;
    if (row.kind === "atomic" && (atomics === "none" || (atomics === "add" && (row.op !== "add" || row.fetch))))
      continue;
    if (row.kind === "call" && row.target === "local" && !localCalls) continue;
    if (row.kind === "lddw" && row.source !== "imm64" && maps === "none") continue;
    forms.add(row.id);
  }
  for (const word of added) for (const id of idsOf(word)) forms.add(id);
  for (const word of without) for (const id of idsOf(word)) forms.delete(id);
  // Its budget is counted by a verifier, and no message of the protocol has one.
  forms.delete("may_goto");
  return forms;
}
