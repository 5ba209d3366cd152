// What checking costs on a JIT behind a command, beside our own JIT on the same cases: processor time of this process, without
// that of the command. Cases have about so many slots, and come in chunks as in the gate.
// Run: `node dist/bench/subjects.js [SUBJECT.json [PROGRAMS [SLOTS [SEED]]]]`.

import { defaultEngine } from "../engines/index.js";
import { PROGRAMS } from "../properties/cases/program/index.js";
import type { Verdict } from "../properties/verdict.js";
import type { Case } from "../subjects/case.js";
import { defaultSubject } from "../subjects/index.js";
import { openSubject } from "../subjects/open.js";
import { type AnySubject, isKernel } from "../subjects/program-subject.js";

const [spec = "adapters/example/example.json", programs = "4000", slots = "50", seed = "1"] = process.argv.slice(2);

/** Cases of the dialect with slots within a tenth of what was asked. */
function casesOf(subject: AnySubject): readonly Case[] {
  const dialect = isKernel(subject) ? undefined : subject.dialect;
  const cases: Case[] = [];
  for (let index = 0; cases.length < Number(programs); index++) {
    const c = PROGRAMS.fresh(Number(seed), index, dialect);
    if (Math.abs(PROGRAMS.size(c) - Number(slots)) <= Number(slots) / 10) cases.push(c);
  }
  return cases;
}

function measure(subject: AnySubject, cases: readonly Case[]): { readonly us: number; readonly compared: number } {
  const checker = isKernel(subject)
    ? PROGRAMS.checker(subject, [defaultEngine()])
    : PROGRAMS.hosted!(subject, [defaultEngine()]);
  const kinds: Record<Verdict["kind"], number> = { agree: 0, disagree: 0, incomparable: 0, refused: 0 };
  const check = (all: readonly Case[]): void => {
    for (let at = 0; at < all.length; at += PROGRAMS.chunk) {
      const chunk = all.slice(at, at + PROGRAMS.chunk);
      checker.announce?.(chunk);
      for (const c of chunk) kinds[checker.check(c, "rows").verdict.kind]++;
    }
  };
  const warm = Math.floor(cases.length / 4);
  check(cases.slice(0, warm));
  for (const kind of Object.keys(kinds) as Verdict["kind"][]) kinds[kind] = 0;
  const before = process.cpuUsage();
  check(cases.slice(warm));
  const { user, system } = process.cpuUsage(before);
  checker.close?.();
  const us = (user + system) / (cases.length - warm);
  const counts = Object.entries(kinds).flatMap(([kind, n]) => (n === 0 ? [] : [`${n} ${kind}`]));
  console.log(`${subject.name}: ${us.toFixed(0)} us a program, ${Math.round(1e6 / us)} a second; ${counts.join(", ")}`);
  return { us, compared: kinds.agree + kinds.disagree };
}

const opened = openSubject(spec);
if (opened.ok) {
  const cases = casesOf(opened.subject);
  const own = measure(defaultSubject, cases);
  const other = measure(opened.subject, cases);
  console.log(`${(other.us / own.us).toFixed(2)} times our own JIT, at ${slots} slots`);
} else {
  console.error(`rox bench: expected ${opened.expected}, got ${opened.got}`);
  process.exitCode = 2;
}
