// Coverage points on their way from a worker: a name is sent once, in the order in which the worker meets them, and is a number
// from then on. A chunk reaches a thousand points, nearly all of them known.

import { threadId } from "node:worker_threads";
import type { ReachedPoint } from "./firsts.js";

export interface SentPoints {
  readonly thread: number;
  /** How many names it had sent before. */
  readonly before: number;
  readonly names: readonly string[];
  /** Of each point three: the number of its name, how often it was reached, and by which case first. */
  readonly numbers: Float64Array;
}

/** Of a worker. */
export class PointSender {
  private readonly numbers = new Map<string, number>();

  constructor(private readonly thread = threadId) {}

  send(points: readonly ReachedPoint[]): SentPoints {
    const before = this.numbers.size;
    const names: string[] = [];
    const numbers = new Float64Array(3 * points.length);
    let at = 0;
    for (const [name, times, first] of points) {
      let number = this.numbers.get(name);
      if (number === undefined) {
        number = this.numbers.size;
        this.numbers.set(name, number);
        names.push(name);
      }
      numbers[at++] = number;
      numbers[at++] = times;
      numbers[at++] = first;
    }
    return { thread: this.thread, before, names, numbers };
  }
}

/** For all workers, so that a point has one name however many send it. */
export class PointReceiver {
  private readonly names = new Map<string, string>();
  private readonly sent = new Map<number, string[]>();

  receive({ thread, before, names, numbers }: SentPoints): readonly ReachedPoint[] {
    const known = this.sent.get(thread) ?? [];
    if (known.length !== before) throw new Error(`thread ${thread} has sent ${before} names, ${known.length} came`);
    this.sent.set(thread, known);
    for (const name of names) known.push(this.named(name));
    return Array.from({ length: numbers.length / 3 }, (_, i) => [
      known[numbers[3 * i]!]!,
      numbers[3 * i + 1]!,
      numbers[3 * i + 2]!,
    ]);
  }

  /** That thread is no more. */
  forget(thread: number): void {
    this.sent.delete(thread);
  }

  private named(name: string): string {
    const known = this.names.get(name);
    if (known === undefined) this.names.set(name, name);
    return known ?? name;
  }
}
