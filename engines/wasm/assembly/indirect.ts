// Indirect branches: what they leave in PSTATE.BTYPE, and where they may land; and the signature of a return address.

import { BTYPE, GUARDED, REGS, STACK_POINTER } from "../layout";
import { Op, OP, RN } from "./ops";

/** What signing adds to LR: never zero, and not undone by adding it again, nor by the tag of another SP. */
export function signature(): u64 {
  return (1 + ((load<u64>(REGS + STACK_POINTER * 8) >> 4) % 0x7fff)) << 48;
}

/** After an indirect branch: what PSTATE.BTYPE is then. */
export function markIndirect(record: usize): void {
  if (load<u32>(GUARDED) == 0) return;
  const register: u32 = load<u8>(record, RN);
  const isCall = load<u8>(record, OP) == Op.BLR;
  store<u32>(BTYPE, isCall ? 2 : register == 16 || register == 17 ? 1 : 3);
}

/** May an indirect branch land on the word? It has landed then. PACIASP stands for BTI c, as SCTLR_EL1.BT1 is set. */
export function lands(word: u32): bool {
  const kind = load<u32>(BTYPE);
  let allowed = false;
  if (word == 0xd503_233f || word == 0xd503_237f || word == 0xd503_245f) allowed = kind != 3;
  else if (word == 0xd503_249f) allowed = kind != 2;
  else if (word == 0xd503_24df) allowed = true;
  // Their own exceptions come first.
  else allowed = (word & 0xffe0_001f) == 0xd420_0000 || (word & 0xffe0_001f) == 0xd440_0000;
  if (allowed) store<u32>(BTYPE, 0);
  return allowed;
}
