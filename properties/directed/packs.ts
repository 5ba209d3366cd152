// Packs to their ends, and the account of JITed memory: of several packs the one in the middle becomes empty and goes back
// alone, one of full size is filled to its last chunk. Error numbers are what callers in the kernel go by, and sizes what
// they allocate.

import { bpf } from "../../spec/bpf/text/bpf.js";
import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import { needsLimit } from "../../subjects/directed-case.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import {
  type BootOptions,
  type DirectedCase,
  machineFor,
  type Subject,
  type SubjectKernel,
} from "../../subjects/subject.js";

const PACK = 4096;
const TWO_MIB = 2 * 1024 * 1024;
const EPERM = -1;

/** All, or the one that an image was built for. */
const pageSizesOf = ({ fixed }: Subject): readonly (4096 | 16384 | 65536)[] =>
  fixed === undefined ? [4096, 16384, 65536] : [fixed.pageBytes];

const boot = (subject: Subject, options: Partial<BootOptions> = {}): SubjectKernel =>
  subject.boot({ machine: machineFor(subject), random: () => 0, ...options });

/** @throws NotModelled if it has none */
function needsPacks({ fixed }: Subject): void {
  if (fixed?.images === "pages") throw new NotModelled("packs: each program has its own pages");
}

export const PACKS: readonly DirectedCase[] = [
  {
    name: "a pack is 2 MiB for each node, whatever the size of a page",
    check(subject) {
      needsPacks(subject);
      for (const pageBytes of pageSizesOf(subject)) {
        for (const nodes of [1, 2]) {
          const kernel = subject.boot({
            ...{ machine: machineFor(subject, { pageBytes }), random: () => 0 },
            ...(nodes === 1 ? {} : { nodes }),
          });
          const { machine, packs } = kernel;
          const before = machine.usage.frames;
          packs.bpfProgPackAlloc(CHUNK_BYTES);
          const bytes = (machine.usage.frames - before) * machine.pageBytes;
          const most = nodes * TWO_MIB + 16 * machine.pageBytes;
          if (packs.packBytes === nodes * TWO_MIB && bytes >= nodes * TWO_MIB && bytes <= most) continue;
          return `${packs.packBytes} bytes for ${nodes} with pages of ${pageBytes}, of which ${bytes} are mapped`;
        }
      }
      return undefined;
    },
  },
  {
    name: "a charge beyond the limit is refused as not permitted, unless the loader may",
    check(subject) {
      // Some kernels count pages.
      const limit = subject.fixed?.pageBytes ?? 4096;
      const kernel = boot(subject, { limit });
      needsLimit(kernel);
      const { modmem } = kernel;
      const errors = [modmem.bpfJitChargeModmem(limit), modmem.bpfJitChargeModmem(1)];
      if (errors.join() !== `0,${EPERM}` || modmem.current !== limit)
        return `${errors.join()}, charged ${modmem.current}`;
      const capable = boot(subject, { limit, bpfCapable: true }).modmem;
      return capable.bpfJitChargeModmem(limit + 1) === 0 ? undefined : "a capable loader is refused";
    },
  },
  {
    // Where a program comes from matters only to a kernel that flushes a branch predictor, which no arm64 does.
    name: "programs that were classic BPF lie among the others",
    check(subject) {
      needsPacks(subject);
      const kernel = boot(subject);
      for (const wasClassic of [false, true, true, false]) {
        const loaded = kernel.loadProgram([{ insns: bpf("r0 = 0; exit"), index: 0, stackDepth: 0, wasClassic }]);
        if (!loaded.ok) return `it is refused: ${loaded.error.kind}`;
        const { length } = kernel.packs.packs;
        if (length !== 1) return `they take ${length} packs`;
      }
      return undefined;
    },
  },
  {
    name: "a region larger than a pack has pages of its own, which run and are not written, and goes back",
    check(subject) {
      const { machine, packs } = boot(subject);
      packs.bpfProgPackAlloc(CHUNK_BYTES);
      const before = machine.usage.frames;
      const bytes = packs.packBytes + machine.pageBytes;
      const at = packs.bpfProgPackAlloc(bytes);
      if (at === undefined) return "there is no room for it";
      for (let va: number = at; va < at + bytes; va += machine.pageBytes) {
        const permission = machine.mapping(va)?.permission;
        if (permission !== "rox") return `its page at ${va - at} is ${permission ?? "not mapped"}`;
      }
      packs.bpfProgPackFree(at, bytes);
      const left = machine.usage.frames - before;
      return left === 0 && machine.mapping(at) === undefined ? undefined : `${left} pages of it are left`;
    },
  },
  {
    name: "a pack or a larger region that cannot be protected is not given, and goes back",
    check(subject) {
      needsPacks(subject);
      for (const isLarger of [false, true]) {
        const { machine, packs } = boot(subject);
        const bytes = isLarger ? packs.packBytes + machine.pageBytes : CHUNK_BYTES;
        const { areas, heapObjects } = machine.usage;
        for (let nth = 1; ; nth++) {
          machine.failures.plan("setPermission", nth);
          const at = packs.bpfProgPackAlloc(bytes);
          const isHit = machine.failures.pending === 0;
          machine.failures.clear();
          if (!isHit) break;
          const what = `${isLarger ? "a larger region" : "a pack"} of which change ${nth} of its permission fails`;
          if (at !== undefined) return `${what} is given`;
          const [left, objects] = [machine.usage.areas - areas, machine.usage.heapObjects - heapObjects];
          if (left !== 0 || objects !== 0) return `${what} leaves ${left} areas and ${objects} heap objects`;
        }
      }
      return undefined;
    },
  },
  {
    name: "an image begins where the number that is drawn says",
    check(subject) {
      needsPacks(subject);
      const startOf = (random: BootOptions["random"]): number | string => {
        const loaded = boot(subject, { random }).loadProgram([{ insns: bpf("r0 = 0; exit"), index: 0, stackDepth: 0 }]);
        return loaded.ok ? loaded.program.bpfFunc % CHUNK_BYTES : `refused: ${loaded.error.kind}`;
      };
      const [first, last] = [startOf(() => 0), startOf((below) => below - 1)];
      return first !== last ? undefined : `it begins at ${first}, whatever is drawn`;
    },
  },
  {
    name: "an empty pack goes back alone",
    check(subject) {
      const { packs } = boot(subject, { packBytes: PACK });
      const places = [PACK, PACK, PACK - CHUNK_BYTES, PACK].map((bytes) => packs.bpfProgPackAlloc(bytes)!);
      packs.bpfProgPackFree(places[1]!, PACK);
      const left = packs.packs.map(({ base }) => base).join();
      if (left !== [places[0], places[2], places[3]].join()) return `packs at ${left}`;
      const next = packs.bpfProgPackAlloc(CHUNK_BYTES);
      return next === places[2]! + PACK - CHUNK_BYTES ? undefined : `the next allocation is at ${String(next)}`;
    },
  },
  {
    name: "a pack of 2 MiB is filled to its last chunk",
    check(subject) {
      needsPacks(subject);
      const { packs } = boot(subject);
      const first = packs.bpfProgPackAlloc(TWO_MIB - CHUNK_BYTES)!;
      const last = packs.bpfProgPackAlloc(CHUNK_BYTES)!;
      const count = packs.packs[0]?.bitmap.count;
      if (last !== first + TWO_MIB - CHUNK_BYTES || count !== TWO_MIB / CHUNK_BYTES)
        return `it is at ${last}, ${count} are taken`;
      packs.bpfProgPackFree(last, CHUNK_BYTES);
      const again = packs.bpfProgPackAlloc(CHUNK_BYTES);
      return again === last ? undefined : `after a free it is at ${String(again)}`;
    },
  },
];
