// Mutants that nobody thought of: every operator, constant, condition and call of `impl/`, or of the compiled interpreter,
// changed in a small way, found with the TypeScript compiler's own parser. Their score says how much of the code the searches
// look at.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Node, SyntaxKind } from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";
import { type Changed, folderOf } from "./changed.js";

/** One small change of one file. */
export interface Change {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Characters [start, end) become `text`. */
  readonly start: number;
  readonly end: number;
  readonly was: string;
  readonly text: string;
}

/** What each operator is taken for. */
const OPERATORS: ReadonlyMap<string, string> = new Map([
  ["+", "-"],
  ["-", "+"],
  ["*", "+"],
  ["/", "*"],
  ["%", "*"],
  ["<<", ">>>"],
  [">>", "<<"],
  [">>>", ">>"],
  ["&", "|"],
  ["|", "&"],
  ["^", "|"],
  ["<", "<="],
  ["<=", "<"],
  [">", ">="],
  [">=", ">"],
  ["===", "!=="],
  ["!==", "==="],
  ["==", "!="],
  ["!=", "=="],
  ["&&", "||"],
  ["||", "&&"],
  ["+=", "-="],
  ["-=", "+="],
]);

/** Texts for people, and what only says that our own code has a slip: nothing is meant to notice a change there. */
const LEFT_OUT = new Set(["assert", "RangeError", "Error", "warn", "describe", "describeLoadError"]);
/** Statements that cannot be left out, that only the compiler looks at, or that assert what our own callers do. */
const LEFT_OUT_STATEMENTS = /^super|satisfies never;$|\.assertHeld\(\);$/;
const LEFT_OUT_FILES = ["impl/quirks.ts", "impl/jit/error.ts", "impl/pack/binary-alloc.ts"];

/** The project that its sources are of. */
const projectOf = (changed: Changed): string =>
  changed === "impl" ? "tsconfig.json" : `${folderOf(changed)}/tsconfig.json`;

/** All changes of all sources, in the order of files and places. */
export function allChanges(root: string, changed: Changed = "impl"): readonly Change[] {
  const api = new API({ cwd: root });
  try {
    const project = api.updateSnapshot({ openProject: path.join(root, projectOf(changed)) }).getProjects()[0];
    return sources(root, folderOf(changed)).flatMap((file) => {
      const source = project?.program.getSourceFile(path.join(root, file));
      return source === undefined ? [] : changesOf(file, readFileSync(path.join(root, file), "utf8"), source);
    });
  } finally {
    api.close();
  }
}

function sources(root: string, folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.split(path.sep).join("/")}`)
    .filter((name) => name.endsWith(".ts") && !/(\.test|testing)\.ts$/.test(name) && !LEFT_OUT_FILES.includes(name))
    .sort();
}

function changesOf(file: string, text: string, source: Node): readonly Change[] {
  const changes: Change[] = [];
  const change = (start: number, end: number, by: string): void => {
    const line = text.slice(0, start).split("\n").length;
    changes.push({ file, line, start, end, was: text.slice(start, end), text: by });
  };
  const visit = (node: Node): void => {
    if (isLeftOut(node, text)) return;
    const start = startOf(node, text);
    switch (node.kind) {
      case SyntaxKind.NumericLiteral:
        change(start, node.end, `${Number(text.slice(start, node.end).replaceAll("_", "")) + 1}`);
        break;
      case SyntaxKind.TrueKeyword:
        change(start, node.end, "false");
        break;
      case SyntaxKind.FalseKeyword:
        change(start, node.end, "true");
        break;
      case SyntaxKind.ExpressionStatement:
        if (!LEFT_OUT_STATEMENTS.test(text.slice(start, node.end))) change(start, node.end, ";");
        break;
      default:
        if (node.parent?.kind !== SyntaxKind.BinaryExpression) break;
    }
    const by =
      node.parent?.kind === SyntaxKind.BinaryExpression ? OPERATORS.get(text.slice(start, node.end)) : undefined;
    if (by !== undefined) change(start, node.end, by);
    if (node.kind === SyntaxKind.IfStatement || node.kind === SyntaxKind.ConditionalExpression)
      negate(node, text, change);
    node.forEachChild((child) => {
      visit(child);
    });
  };
  visit(source);
  return changes;
}

/** Types are no code, and neither are imports; nor are texts for people. */
function isLeftOut(node: Node, text: string): boolean {
  const { kind } = node;
  if (kind === SyntaxKind.ImportDeclaration || kind === SyntaxKind.InterfaceDeclaration) return true;
  if (
    kind === SyntaxKind.TypeAliasDeclaration ||
    kind === SyntaxKind.LiteralType ||
    kind === SyntaxKind.ThrowStatement
  ) {
    return true;
  }
  if (kind === SyntaxKind.IfStatement && onlyThrows(node)) return true;
  const callee = /^(?:return |new |this\.)*([A-Za-z]+)\(/.exec(text.slice(startOf(node, text), node.end))?.[1];
  return callee !== undefined && LEFT_OUT.has(callee);
}

/** An assertion written out: a condition whose only effect is to throw. */
function onlyThrows(node: Node): boolean {
  const parts = childrenOf(node);
  const [, then] = parts;
  if (then === undefined || parts.length > 2) return false;
  const first = then.kind === SyntaxKind.Block ? childrenOf(then)[0] : then;
  return first?.kind === SyntaxKind.ThrowStatement;
}

function childrenOf(node: Node): readonly Node[] {
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
  });
  return children;
}

function negate(node: Node, text: string, change: (start: number, end: number, by: string) => void): void {
  let first: Node | undefined;
  node.forEachChild((child) => {
    first ??= child;
  });
  if (first === undefined) return;
  const start = startOf(first, text);
  change(start, first.end, `!(${text.slice(start, first.end)})`);
}

/** Where a node's text begins, behind blanks and comments. */
function startOf(node: Node, text: string): number {
  const blank = /^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*/.exec(text.slice(node.pos, node.end))?.[0].length ?? 0;
  return node.pos + blank;
}
