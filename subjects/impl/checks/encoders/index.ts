// All encoders, gone through a number of times with other operands beside the edges each time. Adding one is a row in its file.

import type { Random } from "fast-check";
import { Draw } from "../../../random/draw.js";
import type { EncoderCheck } from "../../../subject.js";
import { CONTROL } from "./control.js";
import { DATA } from "./data.js";
import { type Form, mismatch, plainest, sweep } from "./form.js";
import { LOGICAL } from "./logical.js";
import { MEMORY } from "./memory.js";

export const FORMS: readonly Form[] = [...DATA, ...LOGICAL, ...MEMORY, ...CONTROL];

export function* checkEncoders(source: Pick<Random, "nextInt">, sweeps: number): Generator<EncoderCheck, undefined> {
  const draw = new Draw(source);
  for (let i = 0; i < sweeps; i++) {
    for (const form of FORMS) {
      for (const operands of sweep(form, draw)) {
        const found = mismatch(form, operands);
        yield { name: form.name, mismatch: found, plainest: () => plainest(form, operands) };
      }
    }
  }
}
