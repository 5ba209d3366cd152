// Numbers that nobody can guess come from whoever runs the case, so that it can be run again.

import { trap } from "./trap.js";

const U32 = 0xffff_ffff;

export const RANDOM = [
  trap(["__get_random_u32_below"], { ceil: ["ceil"] }, (kernel, { ceil }) =>
    BigInt(kernel.options.random(Number(ceil & 0xffff_ffffn))),
  ),
  trap(["get_random_u32", "get_random_u16", "get_random_u8", "get_random_int"], {}, (kernel) =>
    BigInt((kernel.blinding?.() ?? kernel.options.random(U32)) >>> 0),
  ),
];
