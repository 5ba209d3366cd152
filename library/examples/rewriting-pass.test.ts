import fc from "fast-check";
import { instructionsOf, program, programOf, reference } from "roxcheck";
import { expect, test } from "vitest";

const [MUL64_IMM, LSH64_IMM] = [0x27, 0x67];

/** A pass of your own: a multiplication by a power of two becomes a shift. */
function multiplyByShifting(code: Uint8Array): Uint8Array {
  const out = Buffer.from(code);
  for (let at = 0; at < out.length; at += 8) {
    const factor = out.readInt32LE(at + 4);
    if (out[at] !== MUL64_IMM || factor <= 0 || (factor & (factor - 1)) !== 0) continue;
    out[at] = LSH64_IMM;
    out.writeInt32LE(Math.log2(factor), at + 4);
  }
  return out;
}

test("the pass changes no result and no byte of memory", () => {
  const plain = { kernel: false, maps: false, mayGoto: false, packet: false, tailCalls: false };
  const law = fc.property(program({ maxSize: 30, features: plain }), (drawn) => {
    const rewritten = programOf(multiplyByShifting(instructionsOf(drawn)), drawn.inputs);
    expect(reference(rewritten)).toEqual(reference(drawn));
  });
  fc.assert(law, { numRuns: 100, seed: 1 });
});
