// What is not here: helpers and kernel functions that are asked for of whoever has loaded the program. Each works on the
// registers and the memory of the run.

// @ts-ignore: decorator
@external("asked", "call")
declare function ask(isKernelFunction: u32, id: i32): u32;

/** @returns 0, or what ends the run */
export function askHelper(id: i32): u32 {
  return ask(0, id);
}

/** @returns 0, or what ends the run */
export function askKernelFunction(id: i32): u32 {
  return ask(1, id);
}
