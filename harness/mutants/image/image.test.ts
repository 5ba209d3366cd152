import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { defaultSubject } from "../../../subjects/index.js";
import { placeEdit } from "../../../subjects/linux/edit.js";
import { readTypedImage } from "../../../subjects/linux/open.js";
import { type Subject, VERSIONS } from "../../../subjects/subject.js";
import { capture } from "../../../testing/capture.js";
import { linuxKernels } from "../../../testing/linux-kernels.js";
import type { Search } from "../searches.js";
import { IMAGE_EDITS } from "./edits.js";
import { imageSearches, UNEDITED } from "./searches.js";

const readable = linuxKernels().filter((file) => readTypedImage(file).ok);
/** Of all rows, so many have a place in every image. */
const LEAST = 60;

test("rows have ids and titles of their own", () => {
  expect(new Set(IMAGE_EDITS.map(({ id }) => id)).size).toBe(IMAGE_EDITS.length);
  expect(new Set(IMAGE_EDITS.map(({ title, in: where }) => `${title} ${where[0]}`)).size).toBe(IMAGE_EDITS.length);
});

describe("what is found is asked of the image as it is", () => {
  /** What is freed there stays. */
  const broken: Subject = {
    ...defaultSubject,
    boot(env) {
      const kernel = defaultSubject.boot(env);
      kernel.freeProgram = () => {};
      return kernel;
    },
  };
  const found = (searched: Subject, asItIs: Subject, kind = "histories") => {
    const search = imageSearches(searched, 1, () => asItIs).find(({ name }) => name === kind);
    let end: ReturnType<Search["step"]> = "nothing";
    for (let tried = 0; tried < 20 && end === "nothing"; tried++) end = search!.step();
    return end;
  };

  test("of a case of which it makes other code than our own JIT too, nothing is said", () => {
    const differing: Subject = { ...defaultSubject, profile: VERSIONS[0], isExact: true };
    expect(found(differing, defaultSubject, "programs")).toMatchObject({ oracle: "same-code" });
    expect(found(differing, differing, "programs")).toBe("nothing");
  });

  test("what it does not show is the edit's", () => {
    expect(found(broken, defaultSubject)).toMatchObject({ oracle: "freed-is-illegal" });
  });

  test("what it shows too is none of the edit's, and names the case", () => {
    expect(found(broken, broken)).toMatchObject({
      oracle: UNEDITED,
      where: expect.stringMatching(/^histories \d+ of seed 1, /),
    });
  });
});

describe.runIf(readable.length > 0)("on kernels", { timeout: 300_000 }, () => {
  test.each(readable)("enough rows have a place in %s", (file) => {
    const read = readTypedImage(file);
    if (!read.ok || read.value.address("pack_list") === undefined) return;
    const made = IMAGE_EDITS.filter((edit) => typeof placeEdit(read.value, edit) !== "string");
    expect(made.length).toBeGreaterThanOrEqual(LEAST);
  });

  test("what stays charged is found, and what nobody executes survives", () => {
    // The process that tries an edit is a compiled one, and so is the one that starts it.
    const { bin } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly bin: { readonly rox: string } };
    const argv = ["mutants", "--subject", `linux:${readable[0]}`, "--ids", "B14", "--seed", "1", "--budget", "10s"];
    const rox = (...more: string[]) => {
      const { status, stdout } = spawnSync(process.execPath, [bin.rox, ...argv, ...more], { encoding: "utf8" });
      return [status, stdout];
    };
    expect(rox()).toEqual([0, expect.stringContaining("accounting-balanced")]);
    expect(rox("--searches", "none")).toEqual([1, expect.stringContaining("survivors:\n  B14: a freed program stays")]);
  });
});

test.each([
  [["--subject", "linux:/nonexistent/Image"], "got no such file"],
  [["--subject", "linux:/nonexistent/Image", "--automatic", "3"], "got no such file"],
  [["--subject", "other"], "expected one of impl"],
])("%j is refused in one line", async (argv, expected) => {
  const { code, out, err } = await capture(["mutants", ...argv]);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(expected);
  expect(err.match(/\n/g)).toHaveLength(1);
});
