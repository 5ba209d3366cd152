// The types of maps that Linux knows, by their number in the UAPI, and which of them are modelled as what. On the one CPU
// of a run a per-CPU map is a map of that CPU's values, and an LRU map is a hash map whose space does not run out.

import type { MapSpec } from "./program.js";

export interface MapType {
  /** As the UAPI spells it in lower case, without `bpf_map_type_`. */
  readonly name: string;
  readonly kind?: MapSpec["kind"];
}

const type = (name: string, kind?: MapSpec["kind"]): MapType => ({ name, ...(kind && { kind }) });

/** By number. */
export const MAP_TYPES: readonly MapType[] = [
  type("unspec"),
  type("hash", "hash"),
  type("array", "array"),
  type("prog_array", "progArray"),
  type("perf_event_array", "perfEvents"),
  type("percpu_hash", "hash"),
  type("percpu_array", "array"),
  type("stack_trace", "stackTrace"),
  type("cgroup_array"),
  type("lru_hash", "hash"),
  type("lru_percpu_hash", "hash"),
  type("lpm_trie", "lpmTrie"),
  type("array_of_maps", "mapOfMaps"),
  type("hash_of_maps", "mapOfMaps"),
  type("devmap", "redirect"),
  type("sockmap"),
  type("cpumap", "redirect"),
  type("xskmap", "redirect"),
  type("sockhash"),
  type("cgroup_storage"),
  type("reuseport_sockarray"),
  type("percpu_cgroup_storage"),
  type("queue"),
  type("stack"),
  type("sk_storage"),
  type("devmap_hash", "redirect"),
  type("struct_ops"),
  type("ringbuf", "ringBuffer"),
  type("inode_storage"),
  type("task_storage"),
  type("bloom_filter"),
  type("user_ringbuf"),
  type("cgrp_storage"),
  type("arena"),
  type("insn_array", "insnArray"),
];
