import { beforeEach, expect, test } from "vitest";
import type { Engine } from "../../engines/engine.js";
import { referenceEngine } from "../../engines/reference/engine.js";
import { Machine, type MachineOptions } from "../../machine/machine.js";
import { defaultSubject } from "../index.js";
import { STACK } from "../run/layout.js";
import { type PlacedMachine, takeMachine } from "./machines.js";

let engine: Engine;
let memory: ArrayBuffer | undefined;
let engines = 0;
beforeEach(() => {
  memory = undefined;
  engine = {
    ...referenceEngine,
    name: `engine ${engines++}`,
    physical(bytes) {
      memory = new ArrayBuffer(bytes);
      return new Uint8Array(memory);
    },
  };
});

/** Machines of one kind for each number. */
const take = (number: number): PlacedMachine =>
  takeMachine(defaultSubject, engine, { pageBytes: 4096, cpus: 2, gapAfter: 4096 * (number + 1) });
const use = (number: number): PlacedMachine => {
  const placed = take(number);
  placed.giveBack?.(true);
  return placed;
};
const hasShare = ({ machine }: PlacedMachine): boolean => machine.mapping(STACK.base)!.frame.bytes.buffer === memory;

test("a machine that was left as it came is used again, another one is not", () => {
  const first = use(0);
  expect(take(0)).toBe(first);
  first.giveBack?.(false);
  expect(take(0)).not.toBe(first);
});

test("of idle machines those that were used last keep their share of the engine's memory", () => {
  const all = Array.from({ length: 13 }, (_, number) => use(number));
  expect(take(12)).toBe(all[12]);
  expect(take(1)).toBe(all[1]);
  expect(take(0)).not.toBe(all[0]);
});

test("a subject that makes its machines itself asks for no share", () => {
  const machine = (options: MachineOptions): Machine => new Machine(options);
  takeMachine({ ...defaultSubject, machine }, engine, { pageBytes: 4096, cpus: 2, gapAfter: undefined });
  expect(memory).toBeUndefined();
});

test("a machine that is in use keeps its share, however many are made meanwhile", () => {
  const busy = use(0);
  take(0);
  for (let number = 1; number < 20; number++) use(number);
  busy.giveBack?.(true);
  expect(take(0)).toBe(busy);
});

test("every kind finds a share, however many kinds there are", () => {
  for (let number = 0; number < 40; number++) expect(hasShare(use(number))).toBe(true);
});

test("where all shares are in use a machine has memory of its own", () => {
  const all = Array.from({ length: 25 }, (_, number) => take(number));
  expect(all.map(hasShare)).toEqual([...new Array<boolean>(24).fill(true), false]);
});
