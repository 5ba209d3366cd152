// How many bytes of text each program of a history takes, for people to read.

import type { Action, HistoryOptions } from "../../../subjects/action.js";
import { defaultSubject } from "../../../subjects/index.js";
import { trampolineBytes } from "../../../subjects/session/attachments.js";
import { prepared } from "../../../subjects/session/prepared.js";

const UNIT = 64;
const HEADER_AND_SPARE = { packs: 24, pages: 136 } as const;

export class SizeBook {
  private readonly sizes = new Map<number, number>();

  constructor(private readonly options: HistoryOptions) {}

  /** Bytes of the program that an action is about; undefined if it is about none. Actions come in order. */
  bytesOf(action: Action): number | undefined {
    if (action.kind === "cpu" || action.kind === "run" || action.kind === "detach") return undefined;
    if (action.kind === "attach") return trampolineBytes(action.programs);
    if (action.kind !== "load") return this.sizes.get(action.id);
    const { images, pageBytes } = this.options;
    const unit = images === "packs" ? UNIT : pageBytes;
    const { imageBytes = [] } = prepared(defaultSubject, action.program);
    const bytes = imageBytes.reduce(
      (sum, image) => sum + Math.ceil((image + HEADER_AND_SPARE[images]) / unit) * unit,
      0,
    );
    this.sizes.set(action.id, bytes);
    return bytes;
  }
}
