// Arithmetic, byte order and conditions: RFC 9669 sections 4.1 to 4.3, on the machine's own numbers. The operation is the
// upper half of the opcode; `off` tells signed from unsigned and a move from an extension. Only instructions of the table come
// this far, so that the last of several takes what is left.

// @ts-ignore: decorator
@inline
export function alu64(op: u32, dst: u64, src: u64, off: i32): u64 {
  switch (op) {
    case 0x0: return dst + src;
    case 0x1: return dst - src;
    case 0x2: return dst * src;
    case 0x3: return off == 0 ? divide(dst, src) : <u64>signedDivide(<i64>dst, <i64>src);
    case 0x4: return dst | src;
    case 0x5: return dst & src;
    case 0x6: return dst << (src & 63);
    case 0x7: return dst >> (src & 63);
    case 0x8: return 0 - dst;
    case 0x9: return off == 0 ? remainder(dst, src) : <u64>signedRemainder(<i64>dst, <i64>src);
    case 0xa: return dst ^ src;
    case 0xb: return off == 0 ? src : extended(src, off);
    default: return <u64>(<i64>dst >> (<i64>src & 63));
  }
}

// @ts-ignore: decorator
@inline
export function alu32(op: u32, dst: u32, src: u32, off: i32): u64 {
  switch (op) {
    case 0x0: return <u64>(dst + src);
    case 0x1: return <u64>(dst - src);
    case 0x2: return <u64>(dst * src);
    case 0x3: return off == 0 ? divide(dst, src) : <u64><u32>signedDivide(<i64><i32>dst, <i64><i32>src);
    case 0x4: return <u64>(dst | src);
    case 0x5: return <u64>(dst & src);
    case 0x6: return <u64>(dst << (src & 31));
    case 0x7: return <u64>(dst >> (src & 31));
    case 0x8: return <u64><u32>(0 - dst);
    case 0x9: return off == 0 ? remainder(dst, src) : <u64><u32>signedRemainder(<i64><i32>dst, <i64><i32>src);
    case 0xa: return <u64>(dst ^ src);
    case 0xb: return off == 0 ? <u64>src : <u64><u32>extended(src, off);
    default: return <u64><u32>(<i32>dst >> (src & 31));
  }
}

function extended(src: u64, from: i32): u64 {
  if (from == 8) return <u64><i64><i8>src;
  return from == 16 ? <u64><i64><i16>src : <u64><i64><i32>src;
}

function divide(dst: u64, src: u64): u64 {
  return src == 0 ? 0 : dst / src;
}

function remainder(dst: u64, src: u64): u64 {
  return src == 0 ? dst : dst % src;
}

/** By -1 it is a negation: the division itself would trap on the smallest number. */
function signedDivide(dst: i64, src: i64): i64 {
  if (src == 0) return 0;
  return src == -1 ? 0 - dst : dst / src;
}

function signedRemainder(dst: i64, src: i64): i64 {
  if (src == 0) return dst;
  return src == -1 ? 0 : dst % src;
}

/** The low `bits` bits. */
export function littleEndian(value: u64, bits: i32): u64 {
  if (bits == 16) return value & 0xffff;
  return bits == 32 ? value & 0xffff_ffff : value;
}

/** The low `bits` bits with their bytes in the other order. */
export function bigEndian(value: u64, bits: i32): u64 {
  if (bits == 16) return <u64>bswap<u16>(<u16>value);
  return bits == 32 ? <u64>bswap<u32>(<u32>value) : bswap<u64>(value);
}

// @ts-ignore: decorator
@inline
export function holds<U, S>(op: u32, dst: U, src: U): bool {
  switch (op) {
    case 0x1: return dst == src;
    case 0x2: return dst > src;
    case 0x3: return dst >= src;
    case 0x4: return (dst & src) != 0;
    case 0x5: return dst != src;
    case 0x6: return <S>dst > <S>src;
    case 0x7: return <S>dst >= <S>src;
    case 0xa: return dst < src;
    case 0xb: return dst <= src;
    case 0xc: return <S>dst < <S>src;
    default: return <S>dst <= <S>src;
  }
}
