// The public conformance suite, gone through once: a baseline. Its folder is named by ROX_CONFORMANCE.

import path from "node:path";
import { defaultEngine } from "../../engines/index.js";
import { checkExpected } from "../../properties/cases/check-or-crash.js";
import { stageCheck } from "../../properties/cases/stage-check.js";
import { loadDataFile } from "../case-file.js";
import { findFiles } from "../input-file.js";
import { noticedBy, type Search } from "./search.js";

export function conformanceSearch(): Search {
  const folder = process.env.ROX_CONFORMANCE;
  const { files } = findFiles(folder === undefined ? [] : [path.join(folder, "tests")], [".data"]);
  const check = stageCheck({ engines: [defaultEngine()], strictness: "rfc" });
  let next = 0;
  return {
    name: "conformance",
    share: 1,
    isBaseline: true,
    step() {
      const file = files[next++];
      if (file === undefined) return "exhausted";
      const test = loadDataFile(file);
      if (!test.ok || test.value.result === undefined || test.value.restricted !== undefined) return "nothing";
      const { verdict } = checkExpected({ ...test.value.case, expect: [test.value.result] }, check);
      if (verdict.kind !== "disagree") return "nothing";
      const { where, expected, got } = verdict;
      const shrink = () => ({ size: undefined, text: `conformance file ${path.basename(file)}\n` });
      return { oracle: noticedBy(verdict), where, expected, got, shrink };
    },
  };
}
