// Coverage of histories: each action with its size, the failure that was hit, what came of it and who ran meanwhile; with the
// events that oracles look at; and with the action before it. It names no kind of action or result, so that a new one has
// points at once.

import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import type { Action, HistoryOptions } from "../../subjects/action.js";
import { made, type Region, type Step, unmade } from "../../subjects/step.js";
import { pointText } from "./point.js";

export class HistoryPoints {
  readonly reached = new Set<string>();
  private last = "start";

  constructor(private readonly options: HistoryOptions) {
    const { images, pageBytes, packBytes, cpus, limit } = options;
    const account = limit === undefined ? "no limit" : "limit";
    this.add("options", `${images} ${packBytes}`, `page ${pageBytes}, ${cpus} cpus`, account);
  }

  /** For `checkHistory`. */
  readonly onStep = (action: Action, step: Step): void => {
    const { before, after, result, executions } = step;
    const packs = Math.sign(after.packs.length - before.packs.length);
    const moved = packs > 0 ? ", new pack" : packs < 0 ? ", pack gone" : "";
    const others = action.kind === "run" ? 0 : executions.length;
    const company = others === 0 ? "alone" : others === 1 ? "another CPU" : "other CPUs";
    const outcome = `${result.kind}${moved}, ${company}`;
    const failure = failureOf(action, step);
    this.add(action.kind, this.sizeOf(step), failure, outcome);
    this.add(action.kind, tellingEvents(step), failure, result.kind);
    const now = `${action.kind} ${result.kind}${step.faultsHit > 0 ? " struck" : ""}`;
    const there = Math.min(after.packs.length, 3);
    this.add(`then ${now}`, `after ${this.last}`, `${there} packs`, "ran");
    this.last = now;
  };

  private add(what: string, size: string, failure: string, result: string): void {
    this.reached.add(pointText(`history ${what}`, size, failure, result));
  }

  /** Of what was placed or removed: how large, and at which border it lies. */
  private sizeOf(step: Step): string {
    const placed = made(step);
    const regions = placed.length > 0 ? placed : unmade(step);
    const [first] = regions;
    if (first === undefined) return "-";
    const bytes = Math.max(...regions.map((region) => region.bytes));
    const several = regions.length > 1 ? ` x${Math.min(regions.length, 4)}` : "";
    return `${this.classOf(bytes)}${several}${this.borderOf(first)}`;
  }

  private classOf(bytes: number): string {
    const { packBytes, pageBytes } = this.options;
    if (bytes > packBytes) return "beyond a pack";
    if (bytes > packBytes - 2 * CHUNK_BYTES) return "a pack";
    if (Math.abs(bytes - pageBytes) <= CHUNK_BYTES) return "about a page";
    const chunks = Math.ceil(bytes / CHUNK_BYTES);
    return chunks <= 4
      ? `${chunks} chunks`
      : chunks <= 8
        ? "5..8 chunks"
        : chunks <= 32
          ? "9..32 chunks"
          : "many chunks";
  }

  private borderOf({ header, bytes }: Region): string {
    const { pageBytes } = this.options;
    const end = header + bytes;
    if (end % pageBytes === 0) return ", to a page's end";
    if (header % pageBytes === 0) return ", from a page's start";
    return Math.floor(header / pageBytes) === Math.floor(end / pageBytes) ? "" : ", across pages";
  }
}

/** Events that oracles have a say on and that do not come with every step of a kind: each a bit. */
const TELLING = ["alloc", "free", "ipi", "map", "setPermission", "stopped", "textWrite", "unmap"];
const BITS = new Map(TELLING.map((kind, i) => [kind, 1 << i]));
const NAMES = Array.from({ length: 2 ** TELLING.length }, (_, bits) =>
  TELLING.filter((_kind, i) => (bits >> i) & 1).join(" "),
);

function tellingEvents({ events }: Step): string {
  let bits = 0;
  for (const { kind } of events) bits |= BITS.get(kind) ?? 0;
  return NAMES[bits] || "no event";
}

const MOST_NTH = 4;

function failureOf(action: Action, { faultsHit }: Step): string {
  const [failing] = faultsHit > 0 && "fails" in action ? action.fails : [];
  return failing === undefined ? "nothing fails" : `${failing.step} ${Math.min(failing.nth, MOST_NTH)} fails`;
}
