import { openSync, readFileSync, truncateSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";
import { KERNEL_WRAPPINGS, writeKernelImage } from "../../testing/kernel-image.js";

const IMAGE = writeKernelImage();
const DIRECTORY = makeFiles({
  Image: IMAGE,
  "Image.gz": KERNEL_WRAPPINGS["Image.gz"]!(IMAGE),
  functions: writeKernelImage({ namesData: false, hasBtf: false, layout: "offsets before names" }),
  stray: writeKernelImage({
    functions: { bpf_int_jit_compile: ["schedule", "kfree"], schedule: [], kfree: [], last: [] },
  }),
  "text.txt": "not a kernel\n",
  "System.map": "ffffffffffffffff B The real System.map is elsewhere\n",
  "short.gz": KERNEL_WRAPPINGS["Image.gz"]!(IMAGE).subarray(0, 300),
});
const file = (name: string): string => path.join(DIRECTORY, name);

const SAID = `kernel        Linux 6.12.0-test
built         (somebody@somewhere) (cc 1.0) #1 SMP
file          Image.gz, linked at 0xffff800080000000, 0 MiB in memory
pages         4 KiB
symbols       11 (kallsyms, offsets behind tokens)
types         8 in its BTF
`;

describe("rox linux", () => {
  test("says what the image is, and what can be checked", async () => {
    const { code, out, err } = await capture(["linux", file("Image.gz"), "--json", file("out.json")]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(SAID);
    expect(out).toContain("JIT memory    packs\n");
    expect(out).toContain("  yes  text poke\n");
    expect(out).toContain("  no   packs: lacks data pack_list, data pack_mutex, type bpf_prog_pack\n");
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const json = JSON.parse(readFileSync(file("out.json"), "utf8"));
    expect(json).toMatchObject({ format: "Image.gz", release: "6.12.0-test", pageBytes: 4096, allocator: "packs" });
  });

  test("names a call that would end a case", async () => {
    const { out } = await capture(["linux", file("stray")]);
    expect(out).toContain("kernel code   1 function of 4 words may run, 1 trap in place of others\n");
    expect(out).toContain("neither a trap nor on the list");
    expect(out).toContain("\n  schedule, called from bpf_int_jit_compile\n");
  });

  test("names what an image lacks, and what to do", async () => {
    const { code, out } = await capture(["linux", file("functions")], { columns: 200 });
    expect(code).toBe(0);
    expect(out).toContain("symbols       6, of functions only (kallsyms, offsets before names)");
    expect(out).toContain("give System.map or vmlinux of the same build with --symbols");
    expect(out).toContain("the image has no BTF (CONFIG_DEBUG_INFO_BTF)");
  });

  test.each([
    [["text.txt"], "expected an arm64 kernel: vmlinux, Image, Image.gz or an EFI image, got bytes of no known sort"],
    [["short.gz"], "expected whole gzip data, got damaged data"],
    [["nowhere"], "expected a readable file, got no such file"],
    [["Image", "--symbols", file("System.map")], "expected a System.map or a vmlinux with symbols"],
  ])("refuses %s in one line", async ([name, ...options], expected) => {
    const { code, out, err } = await capture(["linux", file(name!), ...options]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(expected);
    expect(err.match(/\n/g)).toHaveLength(1);
  });

  test("refuses a file of 4 GiB without reading it", async () => {
    openSync(file("large"), "w");
    truncateSync(file("large"), 2 ** 32);
    const { code, err } = await capture(["linux", file("large")]);
    expect(code).toBe(2);
    expect(err).toContain("expected at most 1024 MiB: a kernel image, or the vmlinux of one, got 4294967296 bytes");
  });
});
