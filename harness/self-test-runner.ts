// What the kernel's own runner of its self-tests gives to each program, and their results count on. Source:
// tools/testing/selftests/bpf: test_loader.c, prog_tests/verifier.c, and the kernel's net/bpf/test_run.c.

import { TEST_DATA_BYTES } from "../spec/bpf/object/expectations.js";
import { type MapSpec, MOST_LOOPS, type Program } from "../spec/bpf/program.js";
import type { Case } from "../subjects/case.js";

/** Maps that hold a `struct test_val` at key 0: its index, and one number. */
const FILLED: ReadonlySet<string> = new Set(["map_array_ro", "map_array_48b"]);
const TEST_VALUE_BYTES = 48;
const INDEX = { at: 0, value: 28 };
const NUMBER = { at: 28, value: 0xabcd_ef12 };

/** A packet is of the loopback device, the first one of its namespace. */
const LOOPBACK = 1n;
const DEVICE_FIELDS = { xdp: "ingress_ifindex", skb: "ifindex" } as const;

/** The same case, on a packet of zeros where it takes one, with the maps, the device and the loops that it has in the kernel. */
export function givenByRunner({ program, inputs, ...c }: Case): Case {
  const { context } = program;
  const device = context === "xdp" || context === "skb" ? DEVICE_FIELDS[context] : undefined;
  const given: Program = {
    ...program,
    maps: program.maps.map(filled),
    loops: MOST_LOOPS,
    ...(device !== undefined && { fields: new Map([...(program.fields ?? []), [device, LOOPBACK]]) }),
  };
  return { ...c, program: given, inputs: context === "memory" ? inputs : [new Uint8Array(TEST_DATA_BYTES)] };
}

function filled(map: MapSpec): MapSpec {
  if (map.kind !== "array" || !FILLED.has(map.name ?? "") || map.valueBytes < TEST_VALUE_BYTES) return map;
  const value = new Uint8Array(map.valueBytes);
  const view = new DataView(value.buffer);
  for (const { at, value } of [INDEX, NUMBER]) view.setUint32(at, value, true);
  return { ...map, contents: [{ key: new Uint8Array(map.keyBytes), value }] };
}
