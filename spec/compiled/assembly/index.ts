// The interpreter a second time, made for speed: RFC 9669 on the machine's own numbers. It decodes the eight bytes of a slot
// by itself and shares nothing with `spec/bpf`, the engines or any subject. Whoever loads a program has seen that each slot
// holds an instruction, wide ones two. It has no words for what goes wrong: whoever
// wants to know why a run ends asks `spec/bpf/interpret.ts`.

import { FAULTED, MARK_FELL, MARK_RAN, MARK_TAKEN, OUT_OF_FUEL, RAN, REGISTERS } from "../layout";
import { atomic, loadAcquire, loadTo, storeRelease, storeTo } from "./access";
import { alu32, alu64, bigEndian, holds, littleEndian } from "./arithmetic";
import { askKernelFunction } from "./asked";
import { callLocal, exit, goTo, isSpent, length, marks, next, poisonArguments, slotAt, slots, start, tailCall } from "./frames";
import { callHelper, resetHelperState } from "./helpers";
import { loadLegacy } from "./legacy-load";
import { loadArgument, storeArgument } from "./stack-arguments";
import { loadWide } from "./wide";

export { readable, writable } from "./memory";

const TAIL_CALL: i32 = 12;
/** What a call is of, by its source register. */
const LOCAL: u32 = 1;
const KERNEL_FUNCTION: u32 = 2;

// @ts-ignore: decorator
@inline
function reg(index: u32): u64 {
  return load<u64>(<usize>index << 3, REGISTERS);
}

// @ts-ignore: decorator
@inline
function set(index: u32, value: u64): void {
  store<u64>(<usize>index << 3, value, REGISTERS);
}

/** Run code 0 to its exit, a fault or the end of the fuel. @returns what it came to: see `layout.ts` */
export function run(fuel: u32): u32 {
  resetHelperState();
  start();
  let pc: u32 = 0;
  let left = fuel;
  for (; left > 0; left--) {
    if (pc >= length) return FAULTED;
    const insn = load<u64>(slots + (<usize>pc << 3));
    const opcode = <u32>insn & 0xff;
    const dst = (<u32>insn >> 8) & 15;
    const src = (<u32>insn >> 12) & 15;
    const off = <i32><i16>(<u32>insn >> 16);
    const imm = <i32>(insn >> 32);
    const mark = marks + <usize>pc;
    store<u8>(mark, load<u8>(mark) | MARK_RAN);
    // Class 2 stores constants, whatever the size that this bit belongs to there.
    const operand = (opcode & 8) != 0 && (opcode & 7) != 2 ? reg(src) : <u64><i64>imm;
    switch (opcode & 7) {
      case 7:
        set(dst, opcode == 0xd7 ? bigEndian(reg(dst), imm) : alu64(opcode >> 4, reg(dst), operand, off));
        pc++;
        break;
      case 4:
        if (opcode == 0xd4) set(dst, littleEndian(reg(dst), imm));
        else if (opcode == 0xdc) set(dst, bigEndian(reg(dst), imm));
        else set(dst, alu32(opcode >> 4, <u32>reg(dst), <u32>operand, off));
        pc++;
        break;
      case 5: {
        if (opcode == 0x05) {
          pc += 1 + off;
          break;
        }
        if (opcode == 0x0d) {
          pc = slotAt(reg(dst));
          break;
        }
        if (opcode == 0xe5) {
          pc += isSpent() ? 1 + off : 1;
          break;
        }
        if (opcode == 0x85 || opcode == 0x95) {
          const end = opcode == 0x95 ? exit() : call(src, imm, pc);
          if (end != 0) {
            store<u32>(RAN, fuel - left + 1);
            return end;
          }
          pc = next;
          break;
        }
        const isTaken = holds<u64, i64>(opcode >> 4, reg(dst), operand);
        store<u8>(mark, load<u8>(mark) | (isTaken ? MARK_TAKEN : MARK_FELL));
        pc += isTaken ? 1 + off : 1;
        break;
      }
      case 6: {
        if (opcode == 0x06) {
          pc += 1 + imm;
          break;
        }
        const isTaken = holds<u32, i32>(opcode >> 4, <u32>reg(dst), <u32>operand);
        store<u8>(mark, load<u8>(mark) | (isTaken ? MARK_TAKEN : MARK_FELL));
        pc += isTaken ? 1 + off : 1;
        break;
      }
      case 0: {
        if (opcode == 0x18) {
          loadWide(insn, pc);
          pc += 2;
          break;
        }
        const end = loadLegacy(opcode, reg(src), imm, pc);
        if (end != 0) {
          store<u32>(RAN, fuel - left + 1);
          return end;
        }
        pc = next;
        break;
      }
      case 1:
        if (!loadTo(opcode, dst, reg(src) + <i64>off) && !loadArgument(dst, src, off)) return FAULTED;
        pc++;
        break;
      case 2:
        if (!storeTo(opcode, reg(dst) + <i64>off, operand) && !storeArgument(dst, off, operand)) return FAULTED;
        pc++;
        break;
      case 3:
        if (!change(opcode, dst, src, off, imm) && !storeArgument(dst, off, reg(src))) return FAULTED;
        pc++;
        break;
    }
  }
  store<u32>(RAN, fuel);
  return OUT_OF_FUEL;
}

/** A store of a register, or an access that is atomic or ordered. @returns false for a bad one */
function change(opcode: u32, dst: u32, src: u32, off: i32, imm: i32): bool {
  const address = reg(dst) + <i64>off;
  if ((opcode & 0xe0) == 0x60) return storeTo(opcode, address, reg(src));
  if (imm == 0x100) return loadAcquire(opcode, dst, reg(src) + <i64>off);
  if (imm == 0x110) return storeRelease(opcode, address, reg(src));
  return opcode == 0xc3 ? atomic<u32>(address, src, imm) : atomic<u64>(address, src, imm);
}

/** @returns 0, or what ends the run */
function call(sort: u32, imm: i32, pc: u32): u32 {
  if (sort == LOCAL) return callLocal(pc, pc + 1 + imm);
  if (sort == 0 && imm == TAIL_CALL) return tailCall(pc);
  const end = sort == KERNEL_FUNCTION ? askKernelFunction(imm) : callHelper(imm);
  if (end != 0) return end;
  poisonArguments();
  goTo(pc + 1);
  return 0;
}
