// What an object takes from elsewhere: functions and variables of a kernel, by name.

import type { Btf } from "../../btf/btf.js";
import { kernelFunctionNumber } from "../helper-names.js";
import { KERNEL_FUNCTIONS } from "../kernel-functions.js";

/** ` of .ksyms`, where the types of the object say where an extern is from. */
export function originOf(btf: Btf | undefined, name: string): string {
  const section = [".kconfig", ".ksyms"].find((one) => {
    const types = btf?.find("datasec", one);
    return types !== undefined && btf?.variables(types).some(({ type }) => btf.name(type) === name);
  });
  return section === undefined ? "" : ` of ${section}`;
}

/** The number of a kernel function that a program may call: a modelled one, or any where unknown ones may be called. */
export function kernelFunction(name: string, unknownCalls: boolean): number | undefined {
  const number = kernelFunctionNumber(name);
  return unknownCalls || KERNEL_FUNCTIONS.has(number) ? number : undefined;
}
