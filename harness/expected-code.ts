// Lines that a self-test expects in the code of its program, held against the listing in LLVM's form. A line is a part of
// one of the listing, with regular expressions between braces; each must come right behind the one before it, unless
// `...` stands between them.

/** The first expected line that is not where it must be, and what is there; undefined if all are. */
export function missingLine(
  expected: readonly string[],
  listing: readonly string[],
): { readonly expected: string; readonly got: string } | undefined {
  let next: number | undefined;
  for (const pattern of expected) {
    if (pattern === GAP) {
      next = next === undefined ? undefined : -next;
      continue;
    }
    const fits = matcher(pattern);
    const from: number = next === undefined ? 0 : Math.abs(next);
    const at = listing.findIndex((line, i) => i >= from && fits(line));
    const mustFollow = next !== undefined && next > 0;
    if (at < 0 || (mustFollow && at !== from)) {
      const got = mustFollow ? (listing[from] ?? "the end of the code") : "no such line";
      return { expected: shown(pattern), got: shown(got) };
    }
    next = at + 1;
  }
  return undefined;
}

const GAP = "...";
/** No line of a listing is longer: patterns are tried on nothing that could take long. */
const MOST_LINE = 200;

const shown = (line: string): string => line.trim().replaceAll("\t", " ");

function matcher(pattern: string): (line: string) => boolean {
  if (!pattern.includes("{{")) return (line) => line.includes(pattern);
  const source = pattern
    .split(/(\{\{.*?\}\})/)
    .map((part) => (/^\{\{.*\}\}$/.test(part) ? part.slice(2, -2) : part.replace(/[.[\]\\()*+?{}|^$]/g, "\\$&")))
    .join("");
  try {
    const expression = new RegExp(source);
    return (line) => expression.test(line.slice(0, MOST_LINE));
  } catch {
    return () => false;
  }
}
