// What the machine did while a program was loaded and freed, one line an event. The program does not run: what a run
// does is in the trace.

import { Kernel } from "../../impl/program/kernel.js";
import { freeProgram, loadProgram } from "../../impl/program/load.js";
import { pointer, type Va } from "../../machine/address.js";
import { EventLog, type MachineEvent } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { envOf, lowerCase } from "../../properties/cases/compile.js";
import type { Case } from "../../subjects/case.js";
import { byteSize } from "./html.js";

const MOST_LINES = 600;

/** Empty if the program cannot be compiled. */
export function machineEvents(c: Case): readonly string[] {
  const codes = lowerCase(c);
  if (!codes.ok) return [];
  const machine = new Machine();
  const kernel = new Kernel({ machine, env: envOf(c), random: (below) => Math.min(c.env.hole, below - 1) });
  const log = new EventLog();
  machine.onEvent = log.listener;
  const loads = codes.value.map((functions) => loadProgram(kernel, functions));
  const loaded = log.events();
  log.clear();
  for (const load of loads) if (load.ok) freeProgram(kernel, load.program);
  const freed = log.events();
  const lines = [
    "load",
    ...loaded.map((event) => `  ${eventText(event)}`),
    ...loads.flatMap((load) => (load.ok ? [] : [`  refused: ${load.error.kind}`])),
    "free",
    ...freed.map((event) => `  ${eventText(event)}`),
  ];
  const more = lines.length - MOST_LINES;
  return more <= 0 ? lines : [...lines.slice(0, MOST_LINES), `and ${more} more events`];
}

/** `cpu 0  write  0xffff800083010000  2 MiB`. */
export function eventText(event: MachineEvent): string {
  const parts = [`cpu ${event.cpu}`, event.kind.padEnd(13), detailOf(event).padEnd(9)];
  if ("va" in event) parts.push(address(event.va), byteSize(event.bytes));
  return parts.join("  ").trimEnd();
}

function detailOf(event: MachineEvent): string {
  if ("area" in event) return event.area;
  if ("permission" in event) return event.permission;
  if ("lock" in event) return event.lock;
  return "step" in event ? event.step : "";
}

const address = (va: Va): string => `0x${pointer(va).toString(16).padStart(16, "0")}`;
