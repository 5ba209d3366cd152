// What a trap is: a function of the kernel that does not run, because our machine does in its place what it would do to
// hardware and to the rest of the kernel; or a probe, a function that runs and is noted before.

import type { BootedKernel } from "../booted-kernel.js";

/** Names that a parameter has in one version or another, the first that this kernel's BTF knows counts. */
export type ParameterNames = Readonly<Record<string, readonly string[]>>;

export interface TrapRow {
  /** Of the function over versions. */
  readonly names: readonly string[];
  /** By the name that the row uses; where the kernel has no BTF of the function, the order is that of the registers. */
  readonly parameters: ParameterNames;
  /** `probe`: the function runs natively afterwards; `gate`: unless it is told to fail. */
  readonly kind: "trap" | "probe" | "gate";
  /** @returns X0 of a trap, or of a gate that is closed. */
  act(kernel: BootedKernel, args: Readonly<Record<string, bigint>>, name: string): bigint | undefined;
}

/** A function that our machine takes the place of. */
export function trap<P extends ParameterNames>(
  names: readonly string[],
  parameters: P,
  act: (kernel: BootedKernel, args: Readonly<Record<keyof P & string, bigint>>, name: string) => bigint | undefined,
): TrapRow {
  return { names, parameters, kind: "trap", act: (kernel, args, name) => act(kernel, args as never, name) ?? 0n };
}

/** A function that runs natively and is noted before. */
export function probe<P extends ParameterNames>(
  names: readonly string[],
  parameters: P,
  act: (kernel: BootedKernel, args: Readonly<Record<keyof P & string, bigint>>, name: string) => void,
): TrapRow {
  return {
    names,
    parameters,
    kind: "probe",
    act(kernel, args, name) {
      act(kernel, args as never, name);
      return 0n;
    },
  };
}

/** A function that runs natively, unless the machine is told to have it fail, or does all of it: its result is returned then. */
export function gate<P extends ParameterNames>(
  names: readonly string[],
  parameters: P,
  act: (kernel: BootedKernel, args: Readonly<Record<keyof P & string, bigint>>) => bigint | undefined,
): TrapRow {
  return { names, parameters, kind: "gate", act: (kernel, args) => act(kernel, args as never) };
}
