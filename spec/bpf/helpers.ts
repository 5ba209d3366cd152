// The helper functions that programs may call, by their number in the Linux UAPI, made deterministic: time, randomness
// and CPU come from the state of the run. One table for every witness. Tail calls change what runs and so belong to the
// interpreter (`calls.ts`).

import { CHECKSUM_HELPERS } from "./helpers/csum.js";
import type { Helper } from "./helpers/helper.js";
import { KERNEL_HELPERS } from "./helpers/kernel.js";
import { MAP_HELPERS } from "./helpers/maps.js";
import { PACKET_HELPERS } from "./helpers/packet.js";
import { PERF_HELPERS } from "./helpers/perf.js";
import { TUNNEL_HELPERS } from "./helpers/tunnel.js";
import { VLAN_HELPERS } from "./helpers/vlan.js";
import type { Program } from "./program.js";

export { type HelperArg, type HelperState, initialHelperState, MAP_NAMES } from "./helpers/helper.js";
export { MAP_LOOKUP } from "./helpers/maps.js";

/** `tail_call`, which is not among the helpers below. */
export const TAIL_CALL = 12;

/** Whether a run may ask something of the kernel, and so has the region `requests`. */
export const hasRequests = ({ code, unknownCalls }: Pick<Program, "code" | "unknownCalls">): boolean =>
  unknownCalls !== undefined || callsForRequests(code);

let last: { readonly code: Program["code"]; readonly calls: boolean } | undefined;

/** Asked on both sides of every run, so the last answer is kept. */
function callsForRequests(code: Program["code"]): boolean {
  if (last?.code === code) return last.calls;
  const calls = code.some((insns) =>
    insns.some(({ row, imm }) => row.id === "call helper" && HELPERS.get(imm)?.requests === true),
  );
  last = { code, calls };
  return calls;
}

/** With all fields there are, in one order: generators and both interpreters read them. */
const ofOneShape = (helper: Helper): Helper => {
  const { id, name, args, returns, contexts, movesPacket, requests, decides, counts, run } = helper;
  return { id, name, args, returns, contexts, movesPacket, requests, decides, counts, run };
};

export const HELPERS: ReadonlyMap<number, Helper> = new Map(
  [
    ...MAP_HELPERS,
    ...PERF_HELPERS,
    ...PACKET_HELPERS,
    ...CHECKSUM_HELPERS,
    ...VLAN_HELPERS,
    ...TUNNEL_HELPERS,
    ...KERNEL_HELPERS,
  ].map((helper) => [helper.id, ofOneShape(helper)]),
);
