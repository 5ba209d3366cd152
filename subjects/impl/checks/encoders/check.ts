// Goes through all encoders a number of times, with other operands beside the edges each time.

import type { Random } from "fast-check";
import { Draw } from "../../../random/draw.js";
import { type Form, type Mismatch, mismatch, sweep } from "./form.js";
import { FORMS } from "./index.js";

export interface Checked {
  readonly form: Form;
  readonly operands: readonly unknown[];
  /** Undefined if the encoder answered as it must. */
  readonly mismatch: Mismatch | undefined;
}

export function* checkEncoders(source: Pick<Random, "nextInt">, sweeps: number): Generator<Checked, undefined> {
  const draw = new Draw(source);
  for (let i = 0; i < sweeps; i++) {
    for (const form of FORMS) {
      for (const operands of sweep(form, draw)) yield { form, operands, mismatch: mismatch(form, operands) };
    }
  }
}
