import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { KERNEL_LAYOUTS, writeKernelImage } from "../../../testing/kernel-image.js";
import type { KnownLocations } from "./image.js";
import { readKernelImage } from "./read.js";
import { userCache } from "./user-cache.js";

const folder = (): string => mkdtempSync(path.join(tmpdir(), "cache-"));
/** The symbols of the image, as text. */
function symbolsOf(file: Uint8Array, known: KnownLocations): string {
  const kernel = readKernelImage(file, { known });
  if (!kernel.ok) throw new Error(kernel.error.got);
  const { symbols } = kernel.value.image;
  return symbols.names.map((name, i) => `${symbols.addresses[i]} ${name}`).join("\n");
}
function counted(cache: KnownLocations): KnownLocations & { readonly hits: () => number } {
  let hits = 0;
  return {
    get: (source) => {
      const location = cache.get(source);
      if (location !== undefined) hits++;
      return location;
    },
    put: (source, location) => cache.put(source, location),
    hits: () => hits,
  };
}

describe("images that were read before", () => {
  test.each(KERNEL_LAYOUTS)("with %s, are the same when they are read again", (layout) => {
    const cache = counted(userCache(folder()));
    const file = writeKernelImage({ layout });
    const first = symbolsOf(file, cache);
    expect(cache.hits()).toBe(0);
    expect(symbolsOf(file, cache)).toBe(first);
    expect(cache.hits()).toBe(1);
  });

  test("are told by all of their bytes", () => {
    const cache = counted(userCache(folder()));
    const file = writeKernelImage();
    symbolsOf(file, cache);
    symbolsOf(file.with(0x1f800, 1), cache);
    expect(cache.hits()).toBe(0);
  });

  test("are searched again if what was kept is damaged, and it is kept anew", () => {
    const at = folder();
    const cache = counted(userCache(at));
    const file = writeKernelImage();
    const first = symbolsOf(file, cache);
    const [name] = readdirSync(at);
    const kept = readFileSync(path.join(at, name!));
    for (const damaged of [
      kept.subarray(0, 100),
      Buffer.alloc(0),
      Buffer.from(kept).fill(0x31, 70, 90),
      Buffer.alloc(2 << 20),
    ]) {
      writeFileSync(path.join(at, name!), damaged);
      expect(symbolsOf(file, cache)).toBe(first);
      expect(readFileSync(path.join(at, name!))).toEqual(kept);
    }
    expect(cache.hits()).toBe(0);
    expect(readdirSync(at)).toEqual([name]);
  });

  test("are read without a folder to keep anything in", () => {
    const cache = userCache("/dev/null/nothing");
    const file = writeKernelImage();
    expect(symbolsOf(file, cache)).toBe(symbolsOf(file, cache));
  });
});
