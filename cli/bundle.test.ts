import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const { bin } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly bin: { readonly rox: string } };

function rox(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin.rox, ...args], { encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

test("the command as it is installed runs a file", () => {
  expect(rox("run", "corpus/fetch-returns-the-old-value.bpf")).toMatchObject({
    status: 0,
    said: expect.stringContaining("agree"),
  });
});

test("and has workers of its own, and the data files that it needs", () => {
  const { status, said } = rox("gate", "--programs", "400", "--only", "programs", "--jobs", "2", "--seed", "1");
  expect({ status, said }).toMatchObject({ status: 0, said: expect.stringMatching(/\b400\b/) });
  // Files that lie beside the modules: the workloads of `cost`, and what a page is made of.
  expect(rox("cost", "--help")).toMatchObject({ status: 0, said: expect.stringContaining("stresser") });
  expect(rox("man").status).toBe(0);
});
