// What an object takes from elsewhere: functions and variables of a kernel, by name.

import type { Btf } from "../../btf/btf.js";

/** ` of .ksyms`, where the types of the object say where an extern is from. */
export function originOf(btf: Btf | undefined, name: string): string {
  const section = [".kconfig", ".ksyms"].find((one) => {
    const types = btf?.find("datasec", one);
    return types !== undefined && btf?.variables(types).some(({ type }) => btf.name(type) === name);
  });
  return section === undefined ? "" : ` of ${section}`;
}

/** A loader finds the number of a kernel function in that kernel; here it follows from the name (FNV-1a, 31 bits). */
export const kernelFunctionNumber = (name: string): number =>
  [...Buffer.from(name)].reduce((hash, byte) => Math.imul(hash ^ byte, 0x0100_0193), 0x811c_9dc5 | 0) & 0x7fff_ffff;
