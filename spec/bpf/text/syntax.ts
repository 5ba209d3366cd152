// The two syntaxes as data: their templates, and the tree that the parser walks.

import type { Dialect } from "../insn.js";
import { ROWS, type Row } from "../isa.js";
import { llvmTemplates } from "./llvm.js";
import { mnemonicTemplates } from "./mnemonic.js";
import { lastRegister, SPELLING, type Spelling } from "./slot.js";
import { type Node, type Template, template, tree } from "./template.js";

export type SyntaxName = "llvm" | "mnemonic";

export interface Syntax {
  readonly name: SyntaxName;
  readonly templates: ReadonlyMap<Row, readonly Template[]>;
  readonly tree: Readonly<Record<Dialect, Node>>;
  readonly spelling: Readonly<Record<Dialect, Spelling>>;
}

function syntax(name: SyntaxName, texts: (row: Row) => readonly string[]): Syntax {
  const templates = new Map(ROWS.map((row) => [row, texts(row).map((text) => template(row, text))]));
  const all = [...templates.values()].flat();
  return {
    name,
    templates,
    tree: {
      rfc: tree(all.filter(({ row }) => row.group !== "kernel")),
      kernel: tree(all.filter(({ row }) => row.kind !== "stackArgument")),
    },
    spelling: {
      rfc: { ...SPELLING[name], lastRegister: lastRegister(false) },
      kernel: { ...SPELLING[name], lastRegister: lastRegister(true) },
    },
  };
}

export const SYNTAXES: Readonly<Record<SyntaxName, Syntax>> = {
  llvm: syntax("llvm", llvmTemplates),
  mnemonic: syntax("mnemonic", mnemonicTemplates),
};
