// What the kernel's runner gives to its self-tests.

import { expect, test } from "vitest";
import { MOST_LOOPS, type Program } from "../spec/bpf/program.js";
import { bpf } from "../spec/bpf/text/bpf.js";
import { givenByRunner } from "./self-test-runner.js";

const given = (program: Partial<Program>) =>
  givenByRunner({
    program: { code: [bpf("r0 = 0; exit")], maps: [], context: "memory", ...program },
    inputs: [new Uint8Array(8)],
    env: { cpu: "lse", hole: 0 },
  });

test("maps of two names hold a value, and others hold what their file says", () => {
  const map = { kind: "array", keyBytes: 4, valueBytes: 48, entries: 1 } as const;
  const names = ["map_array_ro", "map_array_48b", "another"];
  const { program } = given({ maps: names.map((name) => ({ ...map, name })) });
  const words = program.maps.map((one) => {
    const [element] = "contents" in one ? (one.contents ?? []) : [];
    return element && [0, 28].map((at) => new DataView(element.value.buffer).getUint32(at, true));
  });
  expect(words).toEqual([[28, 0xabcd_ef12], [28, 0xabcd_ef12], undefined]);
});

test("a packet is of 64 zeros and of the loopback device; other contexts keep their input", () => {
  const { program, inputs } = given({ context: "xdp" });
  expect(inputs).toEqual([new Uint8Array(64)]);
  expect(program.fields).toEqual(new Map([["ingress_ifindex", 1n]]));
  expect(given({ context: "skb" }).program.fields).toEqual(new Map([["ifindex", 1n]]));
  expect(given({}).inputs).toEqual([new Uint8Array(8)]);
});

test("loops may go on for as long as in the kernel", () => {
  expect(given({}).program.loops).toBe(MOST_LOOPS);
});
