// How fast each engine is: instructions a second in a loop, as a program and on a CPU for kernel code with thousands of
// stops; how often a second such a CPU stops and goes on; and whole runs a second of short programs that are new each time,
// set-up included. Run: `npm run build && node dist/bench/engines.js`.

import os from "node:os";
import type { Engine, EngineCpu, EngineRun } from "../engines/engine.js";
import { ENGINES } from "../engines/index.js";
import { Stops } from "../engines/stops.js";
import { addImm, addReg, addsImm, subsImm } from "../impl/a64/add-sub.js";
import { lsrImm } from "../impl/a64/bitfield.js";
import { bCond, COND, ret } from "../impl/a64/branch.js";
import { ldrImm, pop, push, strImm } from "../impl/a64/load-store.js";
import { eorReg } from "../impl/a64/logical.js";
import { movk, movz } from "../impl/a64/move-wide.js";
import { FP, LR, SP, X } from "../impl/a64/registers.js";
import { AUTIASP, BTI_JC, PACIASP } from "../impl/a64/system.js";
import type { Encoded } from "../impl/a64/word.js";
import { pointer } from "../machine/address.js";
import { Machine } from "../machine/machine.js";

const CODE = 0x8000_8300_0000;
const STACK = 0x4000_0000;
const STACK_BYTES = 4096;
const ROUNDS = 100_000;
const SHORT = 60;
const STOPS = 10_000;
const STOPS_AT_ONCE = 100;
const NOWHERE = 0x1000;

const [x0, x1, x2, x3] = X as [(typeof X)[0], (typeof X)[0], (typeof X)[0], (typeof X)[0]];

/** What compiled code is made of: a quarter of it loads and stores. */
const WORK: readonly Encoded[] = [
  addReg(1, x1, x1, x2),
  strImm(3, x1, SP, 0),
  eorReg(1, x2, x2, x1),
  addImm(0, x3, x3, 7),
  lsrImm(1, x1, x1, 3),
  ldrImm(3, x3, SP, 0),
  addsImm(1, x2, x2, 1),
];
const LOOP: readonly Encoded[] = [
  push(FP, LR),
  push(x1, x2),
  movz(1, x0, ROUNDS & 0xffff, 0),
  movk(1, x0, ROUNDS >>> 16, 16),
  ...WORK,
  subsImm(1, x0, x0, 1),
  bCond(COND.ne, -4 * (WORK.length + 1)),
  pop(x1, x2),
  pop(FP, LR),
  ret(LR),
];
const LOOP_INSNS = 7 + ROUNDS * (WORK.length + 2);

/** A program that differs with `nonce` in every instruction of its body that has an immediate to differ in. */
function short(nonce: number): Uint32Array {
  const body = [BTI_JC, PACIASP, push(FP, LR), push(x1, x2)];
  const end = [pop(x1, x2), pop(FP, LR), AUTIASP, ret(LR)];
  while (body.length + end.length < SHORT) {
    body.push(...([movz(1, x0, (nonce + body.length) & 0xffff, 0), ...WORK] as typeof body));
    body.length = Math.min(body.length, SHORT - end.length);
  }
  return Uint32Array.from([...body, ...end]);
}

function runOn(engine: Engine): EngineRun {
  const machine = new Machine({ physical: engine.physical?.(1 << 20) });
  machine.map(CODE, 4096, "rox");
  machine.map(STACK, STACK_BYTES, "rw");
  const stackTop = STACK + STACK_BYTES;
  return { machine, cpu: 0, entry: CODE, args: [1n], stackTop, stackLow: STACK, fuel: 1e9, traps: new Map() };
}

function measured(run: EngineRun, engine: Engine): void {
  const outcome = engine.run(run);
  if (outcome.kind !== "returned") throw new Error(`${engine.name}: ${JSON.stringify(outcome)}`);
}

/** Times a second of processor time, so that neighbours on the machine do not count; after a warm-up. */
function rate(call: (i: number) => void): number {
  let calls = 0;
  const until = (seconds: number): number => {
    const start = process.cpuUsage();
    for (const first = calls; ; ) {
      call(calls++);
      const { user, system } = process.cpuUsage(start);
      if (user + system >= seconds * 1e6) return ((calls - first) / (user + system)) * 1e6;
    }
  };
  until(0.3);
  return until(1);
}

function loopRate(engine: Engine): number {
  const run = runOn(engine);
  run.machine.poke(CODE, new Uint8Array(Uint32Array.from(LOOP as readonly number[]).buffer));
  return rate(() => measured(run, engine)) * LOOP_INSNS;
}

/** The same loop on a CPU for kernel code. @returns undefined if the engine has none */
function cpuRate(engine: Engine): number | undefined {
  const { machine } = runOn(engine);
  machine.poke(CODE, new Uint8Array(Uint32Array.from(LOOP as readonly number[]).buffer));
  const stops = new Stops(Array.from({ length: STOPS }, (_, i) => CODE + 8192 + 64 * i));
  const cpu = engine.cpu?.({ machine, cpu: 0, stops });
  if (cpu === undefined) return undefined;
  return rate(() => callOnce(cpu)) * LOOP_INSNS;
}

/** A stop at every word of the loop's body: each stretch is one instruction. */
function stopRate(engine: Engine): number | undefined {
  const { machine } = runOn(engine);
  machine.poke(CODE, new Uint8Array(Uint32Array.from(LOOP as readonly number[]).buffer));
  const cpu = engine.cpu?.({ machine, cpu: 0, stops: new Stops(LOOP.map((_, i) => CODE + 4 * i)) });
  if (cpu === undefined) return undefined;
  start(cpu);
  return (
    STOPS_AT_ONCE *
    rate(() => {
      for (let i = 0; i < STOPS_AT_ONCE; i++) if (cpu.resume({ fuel: 9 }).kind !== "trap") start(cpu);
    })
  );
}

/** To the return, which goes to where nothing is mapped. */
function callOnce(cpu: EngineCpu): void {
  start(cpu);
  const stop = cpu.resume({ fuel: 1e9 });
  if (stop.kind !== "fault" || stop.pc !== NOWHERE) throw new Error(JSON.stringify({ ...stop, address: undefined }));
}

function start({ state }: EngineCpu): void {
  state.pc = CODE;
  state.sp = pointer(STACK + STACK_BYTES);
  state.x[30] = pointer(NOWHERE);
}

function shortRate(engine: Engine, batch = 100): number {
  const run = runOn(engine);
  const programs = Array.from({ length: 1000 }, (_, nonce) => new Uint8Array(short(64 * nonce).buffer));
  const runOne = (i: number): void => {
    run.machine.poke(CODE, programs[i % programs.length]!);
    measured(run, engine);
  };
  return (
    batch *
    rate((i) => {
      for (let j = 0; j < batch; j++) runOne(i * batch + j);
    })
  );
}

console.log(`${os.cpus()[0]?.model ?? "unknown CPU"}, Node ${process.version}, one core`);
console.log("engine      million instructions/s   runs of 60 instructions/s   on a CPU, million/s   its stops/s");
for (const engine of ENGINES) {
  const why = engine.unavailable();
  if (why !== undefined) console.log(`${engine.name.padEnd(10)}  ${why}`);
  else {
    const columns = [
      (loopRate(engine) / 1e6).toFixed(1).padStart(22),
      Math.round(shortRate(engine)).toString().padStart(27),
      ((cpuRate(engine) ?? Number.NaN) / 1e6).toFixed(1).padStart(22),
      Math.round(stopRate(engine) ?? Number.NaN)
        .toString()
        .padStart(13),
    ];
    console.log(`${engine.name.padEnd(10)}  ${columns.join(" ")}`);
  }
}
