// The fixmap slot that text is poked through: from an address to its page's number, from there to the writable alias.

import { vaOfPointer } from "../structs.js";
import { gate, probe, trap } from "./trap.js";

const NULL = 0n;

export const FIXMAP = [
  // It refuses what is not aligned, which no caller asks for: here it refuses when it is told to.
  gate(["aarch64_insn_copy"], {}, ({ machine }) => (machine.refuse("poke") ? NULL : undefined)),
  trap(["vmalloc_to_page"], { addr: ["vmalloc_addr", "addr"] }, (kernel, { addr }) =>
    kernel.pages.toPage(vaOfPointer(addr)),
  ),
  trap(["__set_fixmap"], { idx: ["idx"], phys: ["phys"], flags: ["flags"] }, (kernel, { idx, phys, flags }) => {
    kernel.pages.setFixmap(Number(idx & 0xffff_ffffn), phys, flags);
  }),
  probe(
    ["copy_to_kernel_nofault", "probe_kernel_write"],
    { dst: ["dst"], src: ["src"], size: ["size"] },
    (kernel, { dst, src, size }) => {
      const { machine, pages, emissions } = kernel;
      const alias = vaOfPointer(dst);
      emissions?.copied(pages.shown + (alias % machine.pageBytes), vaOfPointer(src), Number(size));
      machine.beginCopy(alias, vaOfPointer(src), Number(size));
    },
  ),
];
