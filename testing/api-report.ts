// What a package promises, as text: every declaration that its entry points lead to, from the compiler's declarations. A
// change of any of them is a change of the text.

import { readFileSync } from "node:fs";
import path from "node:path";

interface Declaration {
  readonly file: string;
  readonly name: string;
  readonly text: string;
}

interface Module {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Local name -> file and name there; those of other packages are not in it. */
  readonly imports: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
  readonly exports: readonly string[];
}

const COMMENT = /\/\*[\s\S]*?\*\//g;
const FROM = /^(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"(\.[^"]+)\.js";/gm;
/** The compiler begins each statement at the start of a line, and nothing else but what closes one. */
const STATEMENT = /^(?=(?:export|import|declare|abstract|interface|type|class|const|function|enum)\b)/m;
const DECLARED = /^(?:export )?(?:declare )?(?:abstract )?(?:const|function|class|interface|type|enum) (\w+)/;

function readModule(root: string, file: string): Module {
  const text = readFileSync(path.join(root, file), "utf8")
    .replaceAll(COMMENT, "")
    .replaceAll(/^\s*\n/gm, "");
  const imports = new Map<string, { readonly file: string; readonly name: string }>();
  const exports: string[] = [];
  for (const [whole, list = "", from = ""] of text.matchAll(FROM)) {
    for (const item of list.split(",").map((one) => one.trim().replace(/^type /, ""))) {
      if (item === "") continue;
      const [name = "", local = name] = item.split(" as ");
      imports.set(local, { file: path.posix.join(path.posix.dirname(file), `${from}.d.ts`), name });
      if (whole.startsWith("export")) exports.push(local);
    }
  }
  const declarations = new Map<string, Declaration>();
  for (const statement of text.split(STATEMENT).map((one) => one.trim())) {
    const name = DECLARED.exec(statement)?.[1];
    if (name === undefined) continue;
    const before = declarations.get(name);
    // Overloads.
    declarations.set(name, { file, name, text: before === undefined ? statement : `${before.text}\n${statement}` });
    if (statement.startsWith("export")) exports.push(name);
  }
  return { declarations, imports, exports };
}

/**
 * @param root of the compiler's `.d.ts` files
 * @param entries files below it
 * @param isInside of a file, that what it declares is not promised: such names are listed
 */
export function apiReport(
  root: string,
  entries: readonly string[],
  isInside: (file: string) => boolean = () => false,
): string {
  const modules = new Map<string, Module>();
  const moduleOf = (file: string): Module => {
    const known = modules.get(file) ?? readModule(root, file);
    modules.set(file, known);
    return known;
  };
  const find = (file: string, name: string): Declaration | undefined => {
    const { declarations, imports } = moduleOf(file);
    const from = imports.get(name);
    return declarations.get(name) ?? (from === undefined ? undefined : find(from.file, from.name));
  };
  const promised = entries.flatMap((file) => moduleOf(file).exports.map((name) => ({ file, name })));
  const reached = new Map<string, Declaration>();
  const inside = new Set<string>();
  const reach = (file: string, name: string): void => {
    const found = find(file, name);
    const key = `${found?.file} ${found?.name}`;
    if (found === undefined || reached.has(key)) return;
    if (isInside(found.file)) {
      inside.add(found.name);
      return;
    }
    reached.set(key, found);
    for (const [word] of found.text.matchAll(/\b[A-Z]\w+\b/g)) reach(found.file, word);
    // A constant whose type is taken.
    for (const [, word = ""] of found.text.matchAll(/typeof (\w+)/g)) reach(found.file, word);
  };
  for (const { file, name } of promised) reach(file, name);
  const byFile = [...reached.values()].sort((a, b) => compare(a.file, b.file) || compare(a.name, b.name));
  const lines = byFile.map(({ file, text }) => `// ${file.replace(/\.d\.ts$/, ".ts")}\n${text}\n`);
  const names = [...new Set(promised.map(({ name }) => name))].sort();
  return [
    `// What \`import { ... } from "roxcheck"\` gives:`,
    ...names.map((name) => `//   ${name}`),
    ...(inside.size === 0 ? [] : [`// Of these, what is inside may change: ${[...inside].sort().join(", ")}.`]),
    ...["", lines.join("\n")],
  ].join("\n");
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
