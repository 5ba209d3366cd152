import { expect, test } from "vitest";
import { symbolsOfList } from "./image/symbol-file.js";
import type { TypedImage } from "./kernel-image.js";
import { trampolinesOf } from "./tramp-memory.js";

/** With these functions; a weak one has a W behind its name. */
function way(names: string): ReturnType<typeof trampolinesOf> {
  const symbols = symbolsOfList(
    names.split(" ").map((name, i) => ({
      name: name.replace(/:W$/, ""),
      va: 0x8000_8000_0000 + 64 * i,
      letter: name.endsWith(":W") ? "W" : "T",
    })),
  );
  return trampolinesOf({ symbols, address: (name: string) => symbols.address(name) } as unknown as TypedImage);
}

test("how a kernel makes its trampolines is told by the functions that it has", () => {
  const sized = "arch_bpf_trampoline_size arch_alloc_bpf_trampoline arch_prepare_bpf_trampoline";
  expect(way(sized)).toBe("sized");
  expect(way("arch_prepare_bpf_trampoline bpf_jit_alloc_exec")).toBe("in pages");
  expect(way("arch_prepare_bpf_trampoline:W bpf_jit_alloc_exec")).toMatchObject({
    why: expect.stringContaining("makes none"),
  });
  expect(way("arch_prepare_bpf_trampoline bpf_jit_alloc_exec_page")).toMatchObject({
    why: expect.stringContaining("executable pages"),
  });
});
