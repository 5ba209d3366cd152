// What is said to the process of an adapter and what it answers: programs go ahead of their answers, so that both sides work
// at once. The process is started when it is first needed, and again after it broke. Who broke it is the one program that it
// was asked about: several in flight are asked again, one by one.

import { AdapterProcess, type CommandLine, ProcessFailure } from "./process.js";
import { type Answer, badHello, helloFrame, type ProgramRequest, programFrame, readAnswer } from "./protocol.js";

/** A program that is or will be asked about: the same object for the same question. */
type Asked = object;
type RequestOf<K> = (asked: K) => Omit<ProgramRequest, "id">;

/** Of answers that came before they were wanted. What is more is forgotten and asked again. */
const MOST_KEPT_BYTES = 64 << 20;

interface InFlight<K> {
  readonly asked: K;
  readonly id: number;
}

export class Conversation<K extends Asked> {
  private process: AdapterProcess | undefined;
  private nextId = 1;
  /** Sent and not yet answered, in order. */
  private inFlight: InFlight<K>[] = [];
  private readonly kept = new Map<K, Answer>();
  private keptBytes = 0;
  /** In flight when the process broke: one of them did it. */
  private suspects = new Set<K>();
  private broke: ProcessFailure | undefined;

  constructor(
    private readonly line: CommandLine,
    private readonly requestOf: RequestOf<K>,
  ) {}

  /** Send programs that will be asked about, in order. What was announced before and not asked about is forgotten. */
  announce(all: readonly K[]): void {
    this.forget();
    try {
      this.send(all);
    } catch (error) {
      if (!(error instanceof ProcessFailure)) throw error;
      // Whoever asks about the first of them is told.
      this.close();
    }
  }

  /** @throws ProcessFailure if the process breaks over this program; another is started for the next */
  ask(asked: K): Answer {
    for (;;) {
      const isAlone = this.inFlight.length === 0 || (this.inFlight.length === 1 && this.inFlight[0]!.asked === asked);
      try {
        const answer = this.answerTo(asked);
        this.acquit(asked);
        return answer;
      } catch (error) {
        if (!(error instanceof ProcessFailure)) throw error;
        this.suspects = new Set(isAlone ? [] : this.inFlight.map((one) => one.asked));
        this.broke = error;
        this.close();
        if (isAlone) throw error;
      }
    }
  }

  /** Let it greet. @returns why it cannot be asked anything, in one line */
  greet(): string | undefined {
    try {
      this.started();
      return undefined;
    } catch (error) {
      if (!(error instanceof ProcessFailure)) throw error;
      this.close();
      return error.message;
    }
  }

  close(): void {
    this.process?.stop();
    this.process = undefined;
    this.inFlight = [];
  }

  private answerTo(asked: K): Answer {
    const kept = this.kept.get(asked);
    if (kept !== undefined) {
      this.kept.delete(asked);
      this.keptBytes -= bytesOf(kept);
      return kept;
    }
    if (!this.inFlight.some((one) => one.asked === asked)) this.send([asked]);
    for (;;) {
      const [first] = this.inFlight;
      const answer = this.received(first!.id);
      this.inFlight.shift();
      if (first!.asked === asked) return answer;
      if (this.keptBytes + bytesOf(answer) > MOST_KEPT_BYTES) continue;
      this.kept.set(first!.asked, answer);
      this.keptBytes += bytesOf(answer);
    }
  }

  /** It was asked about alone, and the process is there. @throws ProcessFailure if that holds for all that it broke over */
  private acquit(asked: K): void {
    if (!this.suspects.delete(asked) || this.suspects.size > 0) return;
    const { what, detail } = this.broke!;
    throw new ProcessFailure(what, `${detail}, with several programs in flight, each of which it answers alone`);
  }

  private forget(): void {
    this.kept.clear();
    this.keptBytes = 0;
    this.suspects.clear();
    // Nobody would take their answers.
    if (this.inFlight.length > 0) this.close();
  }

  private send(all: readonly K[]): void {
    const process = this.started();
    const frames = all.map((asked) => {
      const id = this.nextId++;
      this.inFlight.push({ asked, id });
      return programFrame({ ...this.requestOf(asked), id });
    });
    process.send(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
  }

  private started(): AdapterProcess {
    if (this.process !== undefined) return this.process;
    const started = new AdapterProcess(this.line);
    this.process = started;
    started.send(helloFrame());
    const wrong = badHello(started.receive());
    if (wrong !== undefined) throw new ProcessFailure("the answer is no greeting", wrong);
    return started;
  }

  private received(id: number): Answer {
    const answer = readAnswer(this.process!.receive());
    if (typeof answer === "string") throw new ProcessFailure("the answer makes no sense", answer);
    if (answer.id !== id) throw new ProcessFailure("the answer is for another request", `${answer.id}, expected ${id}`);
    return answer;
  }
}

const bytesOf = (answer: Answer): number => (answer.kind === "image" ? answer.bytes.length : answer.text.length);
