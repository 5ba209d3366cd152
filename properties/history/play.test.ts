import { expect, test } from "vitest";
import { randomSource } from "../../harness/gate/random-source.js";
import { HistoryArbitrary } from "./history-arbitrary.js";
import { minimizeHistory } from "./minimize.js";
import { playHistory } from "./play.js";
import { printHistory } from "./text.js";

test("speed", () => {
  const a = new HistoryArbitrary();
  let steps = 0,
    inter = 0,
    fails = 0,
    refused = 0,
    busy = 0;
  for (let i = 0; i < 1500; i++) {
    const h = a.generate(randomSource(1, i)).value;
    const t = performance.now();
    const r = playHistory(h);
    busy += performance.now() - t;
    steps += r.steps;
    inter += r.interleavings;
    fails += r.failures;
    refused += r.refused;
    if (r.violations.length) {
      const want = r.violations[0]!.oracle;
      const m = minimizeHistory(h, (c) => playHistory(c).violations[0]?.oracle === want, 2000);
      console.log(
        i,
        printHistory({ ...m, about: { title: "x", oracle: want, expect: "pass", notes: [] } }),
        playHistory(m).violations,
      );
      expect(1).toBe(2);
    }
    if (i % 500 === 499) {
      console.log(steps, inter, fails, refused, ((steps / busy) * 1000) | 0, "steps/s");
      steps = 0;
      busy = 0;
    }
  }
});
