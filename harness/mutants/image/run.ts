// `rox mutants --subject linux:IMAGE`: edits machine code of the image, one word at a time, and sees whether what the gate tries
// finds each. The image as it is must pass first. An edit that no case executes survives.

import { type ImageEdit, placeEdit } from "../../../subjects/linux/edit.js";
import { readTypedImage } from "../../../subjects/linux/open.js";
import type { QuirkId } from "../../../subjects/subject.js";
import { type BadInput, type Loaded, loaded, refuse } from "../../bad-input.js";
import { inParallel } from "../../loop/run.js";
import { type MutantResult, type MutantsReport, makeMutantsReport, resultOf, whyItFails } from "../report.js";
import { forkChild, type Outcome, TaskProcess } from "../run-child.js";
import type { ImageTask } from "./child.js";
import { IMAGE_EDITS } from "./edits.js";
import { UNEDITED } from "./searches.js";

interface ImageMutantsOptions {
  /** The image. */
  readonly file: string;
  readonly seed: number;
  readonly budgetMs: number;
  readonly jobs: number;
  readonly ids: readonly string[] | undefined;
  readonly searches: readonly string[] | undefined;
  /** Make no witness smaller. */
  readonly noWitness: boolean;
  readonly known: ReadonlySet<QuirkId>;
  readonly stop: AbortSignal;
  readonly progress?: (result: MutantResult, done: number, of: number, report: () => MutantsReport) => void;
}

const SHRINK_MS = 20_000;
/** Of the image as it is: longer than nearly every edit lives. */
const CONTROL_MS = 6000;
const MEMORY_MIB = 2048;

export async function runImageMutants(options: ImageMutantsOptions): Promise<Loaded<MutantsReport>> {
  const started = Date.now();
  const { file, seed, budgetMs, jobs, ids, stop } = options;
  const read = readTypedImage(file);
  if (!read.ok) return refuse({ subject: file, ...read.error, next: "name a kernel as it was built or installed" });
  const unknown = ids?.find((name) => !IMAGE_EDITS.some(({ id }) => id === name || id.startsWith(name)));
  if (unknown !== undefined) {
    const expected = `ids of edits, ${IMAGE_EDITS[0]!.id} to ${IMAGE_EDITS.at(-1)!.id}`;
    return refuse({ subject: "--ids", expected, got: unknown, next: "name some of them, or their first letter" });
  }
  const chosen = IMAGE_EDITS.filter(({ id }) => ids?.some((name) => id.startsWith(name)) ?? true);
  const made = chosen.map((edit) => ({ edit, made: placeEdit(read.value, edit) }));
  const absent = made.flatMap(({ edit: { id, title }, made: why }) =>
    typeof why === "string" ? [{ id, title, why }] : [],
  );
  const places = new Map(made.flatMap(({ edit, made: one }) => (typeof one === "string" ? [] : [[edit.id, one]])));
  const task = {
    ...{ file, seed, budgetMs, known: [...options.known] },
    shrinkMs: options.noWitness ? 0 : SHRINK_MS,
    ...(options.searches === undefined ? {} : { searches: options.searches }),
  };
  const results: MutantResult[] = [];
  const report = (control: string | undefined, interrupted: boolean): MutantsReport =>
    makeMutantsReport({
      ...{ seed, budgetMs, jobs, durationMs: Date.now() - started, interrupted, control, absent },
      ...{ broken: [], unreadable: [] as BadInput[] },
      results: results.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    });
  const processes = new ImageProcesses(stop);
  const unchanged = await processes.run({ ...task, edit: undefined, budgetMs: CONTROL_MS, shrinkMs: 0 });
  let control = stop.aborted ? undefined : whyItFails(unchanged);
  const waiting = control === undefined ? chosen.filter(({ id }) => places.has(id)) : [];
  const all = waiting.length;
  await inParallel(jobs, () => {
    const edit = stop.aborted ? undefined : waiting.shift();
    if (edit === undefined) return undefined;
    return async () => {
      const outcome = await processes.run({ ...task, edit: edit.id });
      if (stop.aborted) return;
      if (isUnedited(outcome)) {
        control ??= whyItFails(outcome);
        waiting.length = 0;
        return;
      }
      const { place, said } = places.get(edit.id)!;
      const result = resultOf(mutantOf(edit, `${place}: ${said}`), outcome);
      results.push(result);
      options.progress?.(result, results.length, all, () => report(undefined, true));
    };
  }).finally(() => processes.end());
  return loaded(report(control, stop.aborted));
}

const isUnedited = ({ result }: Outcome): boolean => result.kind === "killed" && result.oracle === UNEDITED;

const mutantOf = ({ id, title, in: [group = ""], equivalent }: ImageEdit, reenacts: string) => ({
  ...{ id, title, group, reenacts, files: new Map<string, string>() },
  ...(equivalent === undefined ? {} : { equivalent }),
});

/** Memory of a process grows with each edit: every one has a copy of the image, and machines with it. */
const MOST_TASKS = 12;

/** Processes that have read the image, which takes longer than most edits live. One that an edit ended is not used again. */
class ImageProcesses {
  private readonly idle: TaskProcess[] = [];

  constructor(private readonly stop: AbortSignal) {}

  async run(task: ImageTask): Promise<Outcome> {
    const served = this.idle.pop() ?? this.started();
    const outcome = await served.run(task);
    if (served.isAlive && served.tasks < MOST_TASKS) this.idle.push(served);
    else await served.end();
    return outcome;
  }

  async end(): Promise<void> {
    await Promise.all(this.idle.splice(0).map((served) => served.end()));
  }

  private started(): TaskProcess {
    const execArgv = [`--max-old-space-size=${MEMORY_MIB}`];
    return new TaskProcess(forkChild(new URL("./child.js", import.meta.url), this.stop, { execArgv }));
  }
}
