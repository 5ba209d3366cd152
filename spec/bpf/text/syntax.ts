// The two syntaxes as data: their templates, and the tree that the parser walks.

import { lazily } from "../../lazily.js";
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
  const treeOf = (has: (row: Row) => boolean): (() => Node) =>
    lazily(() => tree([...templates.values()].flat().filter(({ row }) => has(row))));
  const rfc = treeOf(({ group }) => group !== "kernel");
  const kernel = treeOf(({ kind }) => kind !== "stackArgument");
  return {
    name,
    templates,
    tree: {
      get rfc() {
        return rfc();
      },
      get kernel() {
        return kernel();
      },
    },
    spelling: {
      rfc: { ...SPELLING[name], lastRegister: lastRegister(false) },
      kernel: { ...SPELLING[name], lastRegister: lastRegister(true) },
    },
  };
}

const llvm = lazily(() => syntax("llvm", llvmTemplates));
const mnemonic = lazily(() => syntax("mnemonic", mnemonicTemplates));

export const SYNTAXES: Readonly<Record<SyntaxName, Syntax>> = {
  get llvm() {
    return llvm();
  },
  get mnemonic() {
    return mnemonic();
  },
};
