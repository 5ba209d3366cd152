// One instruction of every row, word for word, as Linux 6.12 lowers it with its upstream defects mended. Results do not tell a
// 32-bit form from a 64-bit one where both compute the same, nor which scratch register was taken.

import { hexWord } from "../../spec/bits.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { type Row, rowById } from "../../spec/bpf/isa.js";
import type { DirectedCase } from "../../subjects/directed-case.js";
import { wordsOfSlots } from "./compiled.js";

const OPERANDS = { dst: 1, src: 2, imm: 5 };
/** From the base of calls, in bytes. */
const HELPER = 0x1000;
const ACCESS = 8;
const ARENA = { userBase: { high: 0x1234, low: 0 }, kernelBase: { high: 0xffff_8000, low: 0x1000 } };
const EXIT = insn(rowById("exit"));
const HIGH = insn(rowById("lddw high"));
/** Behind the name of a row: without single-instruction atomics. */
const LL_SC = ", ll-sc";

const TABLE = `
add imm                     91001400
add reg                     8b010000
add32 imm                   11001400
add32 reg                   0b010000
sub imm                     d1001400
sub reg                     cb010000
sub32 imm                   51001400
sub32 reg                   4b010000
mul imm                     d28000aa 9b0a7c00
mul reg                     9b017c00
mul32 imm                   528000aa 1b0a7c00
mul32 reg                   1b017c00
div imm                     d28000aa 9aca0800
div reg                     9ac10800
div32 imm                   528000aa 1aca0800
div32 reg                   1ac10800
sdiv imm                    d28000aa 9aca0c00
sdiv reg                    9ac10c00
sdiv32 imm                  528000aa 1aca0c00
sdiv32 reg                  1ac10c00
or imm                      d28000aa aa0a0000
or reg                      aa010000
or32 imm                    528000aa 2a0a0000
or32 reg                    2a010000
and imm                     d28000aa 8a0a0000
and reg                     8a010000
and32 imm                   528000aa 0a0a0000
and32 reg                   0a010000
lsh imm                     d37be800
lsh reg                     9ac12000
lsh32 imm                   531b6800
lsh32 reg                   1ac12000
rsh imm                     d345fc00
rsh reg                     9ac12400
rsh32 imm                   53057c00
rsh32 reg                   1ac12400
mod imm                     d28000ab 9acb080a 9b0b8140
mod reg                     9ac1080a 9b018140
mod32 imm                   528000ab 1acb080a 1b0b8140
mod32 reg                   1ac1080a 1b018140
smod imm                    d28000ab 9acb0c0a 9b0b8140
smod reg                    9ac10c0a 9b018140
smod32 imm                  528000ab 1acb0c0a 1b0b8140
smod32 reg                  1ac10c0a 1b018140
xor imm                     d28000aa ca0a0000
xor reg                     ca010000
xor32 imm                   528000aa 4a0a0000
xor32 reg                   4a010000
mov imm                     d28000a0
mov reg                     91000020
mov32 imm                   528000a0
mov32 reg                   11000020
arsh imm                    9345fc00
arsh reg                    9ac12800
arsh32 imm                  13057c00
arsh32 reg                  1ac12800
neg                         cb0003e0
neg32                       4b0003e0
movsx 8                     93401c20
movsx 16                    93403c20
movsx 32                    93407c20
movsx32 8                   13001c20
movsx32 16                  13003c20
le16                        53003c00
le32                        53007c00
le64                        nothing
be16                        5ac00400 53003c00
be32                        5ac00800
be64                        dac00c00
swap16                      dac00400 d3403c00
swap32                      5ac00800
swap64                      dac00c00
ja                          14000001
gotol                       14000001
jeq imm                     f100141f 54000020
jeq reg                     eb01001f 54000020
jeq32 imm                   7100141f 54000020
jeq32 reg                   6b01001f 54000020
jgt imm                     f100141f 54000028
jgt reg                     eb01001f 54000028
jgt32 imm                   7100141f 54000028
jgt32 reg                   6b01001f 54000028
jge imm                     f100141f 54000022
jge reg                     eb01001f 54000022
jge32 imm                   7100141f 54000022
jge32 reg                   6b01001f 54000022
jset imm                    d28000aa ea0a001f 54000021
jset reg                    ea01001f 54000021
jset32 imm                  528000aa 6a0a001f 54000021
jset32 reg                  6a01001f 54000021
jne imm                     f100141f 54000021
jne reg                     eb01001f 54000021
jne32 imm                   7100141f 54000021
jne32 reg                   6b01001f 54000021
jsgt imm                    f100141f 5400002c
jsgt reg                    eb01001f 5400002c
jsgt32 imm                  7100141f 5400002c
jsgt32 reg                  6b01001f 5400002c
jsge imm                    f100141f 5400002a
jsge reg                    eb01001f 5400002a
jsge32 imm                  7100141f 5400002a
jsge32 reg                  6b01001f 5400002a
jlt imm                     f100141f 54000023
jlt reg                     eb01001f 54000023
jlt32 imm                   7100141f 54000023
jlt32 reg                   6b01001f 54000023
jle imm                     f100141f 54000029
jle reg                     eb01001f 54000029
jle32 imm                   7100141f 54000029
jle32 reg                   6b01001f 54000029
jslt imm                    f100141f 5400002b
jslt reg                    eb01001f 5400002b
jslt32 imm                  7100141f 5400002b
jslt32 reg                  6b01001f 5400002b
jsle imm                    f100141f 5400002d
jsle reg                    eb01001f 5400002d
jsle32 imm                  7100141f 5400002d
jsle32 reg                  6b01001f 5400002d
call helper                 9709ab5d 91000007
call local                  929fffea f2a0000a f2c0000a d63f0140 91000007
call kfunc                  9709ab5d 91000007
exit                        14000001
lddw imm64                  528000a0
lddw mapFd                  528000a0
lddw mapFdValue             528000a0
lddw variable               528000a0
lddw code                   929fffe0 f2a00000 f2d00000
lddw mapIndex               528000a0
lddw mapIndexValue          528000a0
ldxw                        b9400820
ldxh                        79401020
ldxb                        39402020
ldxdw                       f9400420
ldxsw                       b9800820
ldxsh                       79801020
ldxsb                       39802020
probe ldxw                  b9400820
probe ldxh                  79401020
probe ldxb                  39402020
probe ldxdw                 f9400420
probe ldxsw                 b9800820
probe ldxsh                 79801020
probe ldxsb                 39802020
arena ldxw                  8b1c002b b9400960
arena ldxh                  8b1c002b 79401160
arena ldxb                  8b1c002b 39402160
arena ldxdw                 8b1c002b f9400560
stw                         d28000aa b900080a
sth                         d28000aa 7900100a
stb                         d28000aa 3900200a
stdw                        d28000aa f900040a
arena stw                   8b1c000c d28000aa b900098a
arena sth                   8b1c000c d28000aa 7900118a
arena stb                   8b1c000c d28000aa 3900218a
arena stdw                  8b1c000c d28000aa f900058a
stxw                        b9000801
stxh                        79001001
stxb                        39002001
stxdw                       f9000401
arena stxw                  8b1c000b b9000961
arena stxh                  8b1c000b 79001161
arena stxb                  8b1c000b 39002161
arena stxdw                 8b1c000b f9000561
lock add                    d280010a 8b00014a f821015f
lock add, ll-sc             d280010a 8b00014a c85f7d4b 8b01016b c80c7d4b 35ffffac
lock fetch add              d280010a 8b00014a f8e10141
lock fetch add, ll-sc       d280010a 8b00014a 91000029 c85f7d41 8b09002b c80cfd4b 35ffffac d5033bbf
lock add32                  d280010a 8b00014a b821015f
lock add32, ll-sc           d280010a 8b00014a 885f7d4b 0b01016b 880c7d4b 35ffffac
lock fetch add32            d280010a 8b00014a b8e10141
lock fetch add32, ll-sc     d280010a 8b00014a 11000029 885f7d41 0b09002b 880cfd4b 35ffffac d5033bbf
lock or                     d280010a 8b00014a f821315f
lock or, ll-sc              d280010a 8b00014a c85f7d4b aa01016b c80c7d4b 35ffffac
lock fetch or               d280010a 8b00014a f8e13141
lock fetch or, ll-sc        d280010a 8b00014a 91000029 c85f7d41 aa09002b c80cfd4b 35ffffac d5033bbf
lock or32                   d280010a 8b00014a b821315f
lock or32, ll-sc            d280010a 8b00014a 885f7d4b 2a01016b 880c7d4b 35ffffac
lock fetch or32             d280010a 8b00014a b8e13141
lock fetch or32, ll-sc      d280010a 8b00014a 11000029 885f7d41 2a09002b 880cfd4b 35ffffac d5033bbf
lock and                    d280010a 8b00014a aa2103eb f82b115f
lock and, ll-sc             d280010a 8b00014a c85f7d4b 8a01016b c80c7d4b 35ffffac
lock fetch and              d280010a 8b00014a aa2103eb f8eb1141
lock fetch and, ll-sc       d280010a 8b00014a 91000029 c85f7d41 8a09002b c80cfd4b 35ffffac d5033bbf
lock and32                  d280010a 8b00014a 2a2103eb b82b115f
lock and32, ll-sc           d280010a 8b00014a 885f7d4b 0a01016b 880c7d4b 35ffffac
lock fetch and32            d280010a 8b00014a 2a2103eb b8eb1141
lock fetch and32, ll-sc     d280010a 8b00014a 11000029 885f7d41 0a09002b 880cfd4b 35ffffac d5033bbf
lock xor                    d280010a 8b00014a f821215f
lock xor, ll-sc             d280010a 8b00014a c85f7d4b ca01016b c80c7d4b 35ffffac
lock fetch xor              d280010a 8b00014a f8e12141
lock fetch xor, ll-sc       d280010a 8b00014a 91000029 c85f7d41 ca09002b c80cfd4b 35ffffac d5033bbf
lock xor32                  d280010a 8b00014a b821215f
lock xor32, ll-sc           d280010a 8b00014a 885f7d4b 4a01016b 880c7d4b 35ffffac
lock fetch xor32            d280010a 8b00014a b8e12141
lock fetch xor32, ll-sc     d280010a 8b00014a 11000029 885f7d41 4a09002b 880cfd4b 35ffffac d5033bbf
lock xchg                   d280010a 8b00014a f8e18141
lock xchg, ll-sc            d280010a 8b00014a 9100002b c85f7d41 c80cfd4b 35ffffcc d5033bbf
lock xchg32                 d280010a 8b00014a b8e18141
lock xchg32, ll-sc          d280010a 8b00014a 1100002b 885f7d41 880cfd4b 35ffffcc d5033bbf
lock cmpxchg                d280010a 8b00014a c8e7fd41
lock cmpxchg, ll-sc         d280010a 8b00014a 910000eb c85f7d47 ca0b00ec b500008c c80cfd41 35ffff8c d5033bbf
lock cmpxchg32              d280010a 8b00014a 88e7fd41
lock cmpxchg32, ll-sc       d280010a 8b00014a 110000eb 885f7d47 4a0b00ec 3500008c 880cfd41 35ffff8c d5033bbf
arena lock add              d280010a 8b00014a 8b1c014a f821015f
arena lock add, ll-sc       unsupportedAtomic
arena lock fetch add        d280010a 8b00014a 8b1c014a f8e10141
arena lock fetch add, ll-sc  unsupportedAtomic
arena lock add32            d280010a 8b00014a 8b1c014a b821015f
arena lock add32, ll-sc     unsupportedAtomic
arena lock fetch add32      d280010a 8b00014a 8b1c014a b8e10141
arena lock fetch add32, ll-sc  unsupportedAtomic
arena lock or               d280010a 8b00014a 8b1c014a f821315f
arena lock or, ll-sc        unsupportedAtomic
arena lock fetch or         d280010a 8b00014a 8b1c014a f8e13141
arena lock fetch or, ll-sc  unsupportedAtomic
arena lock or32             d280010a 8b00014a 8b1c014a b821315f
arena lock or32, ll-sc      unsupportedAtomic
arena lock fetch or32       d280010a 8b00014a 8b1c014a b8e13141
arena lock fetch or32, ll-sc  unsupportedAtomic
arena lock and              d280010a 8b00014a 8b1c014a aa2103eb f82b115f
arena lock and, ll-sc       unsupportedAtomic
arena lock fetch and        d280010a 8b00014a 8b1c014a aa2103eb f8eb1141
arena lock fetch and, ll-sc  unsupportedAtomic
arena lock and32            d280010a 8b00014a 8b1c014a 2a2103eb b82b115f
arena lock and32, ll-sc     unsupportedAtomic
arena lock fetch and32      d280010a 8b00014a 8b1c014a 2a2103eb b8eb1141
arena lock fetch and32, ll-sc  unsupportedAtomic
arena lock xor              d280010a 8b00014a 8b1c014a f821215f
arena lock xor, ll-sc       unsupportedAtomic
arena lock fetch xor        d280010a 8b00014a 8b1c014a f8e12141
arena lock fetch xor, ll-sc  unsupportedAtomic
arena lock xor32            d280010a 8b00014a 8b1c014a b821215f
arena lock xor32, ll-sc     unsupportedAtomic
arena lock fetch xor32      d280010a 8b00014a 8b1c014a b8e12141
arena lock fetch xor32, ll-sc  unsupportedAtomic
arena lock xchg             d280010a 8b00014a 8b1c014a f8e18141
arena lock xchg, ll-sc      unsupportedAtomic
arena lock xchg32           d280010a 8b00014a 8b1c014a b8e18141
arena lock xchg32, ll-sc    unsupportedAtomic
arena lock cmpxchg          d280010a 8b00014a 8b1c014a c8e7fd41
arena lock cmpxchg, ll-sc   unsupportedAtomic
arena lock cmpxchg32        d280010a 8b00014a 8b1c014a 88e7fd41
arena lock cmpxchg32, ll-sc  unsupportedAtomic
tail call                   5280048a b86a682a 11000042 6b0a005f 54000222 5280042a f940034c eb0a019f 540001a2 9100058c 5280210a 8b0a002a d37df04b f86b694b b40000eb f900034c a8c17ffc 5280060a f86a696a 9100714a d61f0140
percpu address              91000020 d538d08a 8b0a0000
nospec                      nothing
cast user                   1100002a 52824680 d3607c00 b400004a aa0a000a 91000140
`;

export const LOWERINGS: DirectedCase = {
  name: "an instruction of every row, word for word",
  check() {
    for (const line of TABLE.trim().split("\n")) {
      const [name = "", expected = ""] = line.split(/ {2,}/);
      const got = wordsOf(rowById(name.replace(LL_SC, "")), !name.endsWith(LL_SC));
      if (got !== expected) return `${name} becomes ${got}, expected ${expected}`;
    }
    return undefined;
  },
};

function wordsOf(row: Row, lse: boolean): string {
  const insns = [insn(row, operandsOf(row)), ...(row.kind === "lddw" ? [HIGH] : [])] as readonly Insn[];
  const words = wordsOfSlots([...insns, EXIT], insns.length, { lse }, ARENA);
  return words instanceof Uint32Array ? Array.from(words, hexWord).join(" ") || "nothing" : words.kind;
}

/** Jumps lead to the next slot. */
function operandsOf(row: Row): Partial<Pick<Insn, "dst" | "src" | "off" | "imm">> {
  switch (row.kind) {
    case "load":
    case "store":
    case "storeImm":
    case "atomic":
      return { ...OPERANDS, off: ACCESS };
    case "ja":
      return {};
    case "call":
      return row.target === "local" ? OPERANDS : { imm: HELPER };
    default:
      return OPERANDS;
  }
}
