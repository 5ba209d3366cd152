// BPF object files that the user names: what is in them, a line for each program.

import type { ObjectFunction } from "../spec/bpf/object/functions.js";
import { type BpfObject, programsOf, readObject } from "../spec/bpf/object/object.js";
import { kindOfSection } from "../spec/bpf/object/section-kinds.js";
import { isElf } from "../spec/elf/elf.js";
import { type Loaded, loaded, refuse } from "./bad-input.js";
import { readInputFile } from "./input-file.js";

/** Whether a file is taken for a BPF object: by its first bytes, whatever its name. Undefined if it cannot be read. */
export function isObjectFile(file: string): boolean {
  const bytes = readInputFile(file);
  return bytes.ok && isElf(bytes.value);
}

export function loadObject(file: string): Loaded<BpfObject> {
  const bytes = readInputFile(file);
  if (!bytes.ok) return bytes;
  const object = readObject(bytes.value);
  if (object.ok) return loaded(object.value);
  return refuse({ subject: file, ...object.error, next: "compile it again, or restore the file" });
}

/** A program of an object, as it is listed. */
export interface ListedProgram {
  readonly section: string;
  readonly function: string;
  readonly kind: string;
  readonly context: string;
  /** Instructions, `lddw` counted as two, without the subprograms. */
  readonly slots: number;
}

export const listObject = (object: BpfObject): readonly ListedProgram[] => programsOf(object).map(listed);

function listed({ name, section, start, end }: ObjectFunction): ListedProgram {
  const { kind, context } = kindOfSection(section.name);
  return { section: section.name, function: name, kind, context, slots: end - start };
}
