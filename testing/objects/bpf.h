// What the programs of this folder share: names of types, sections, maps and helper functions. Written for these tests.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE static __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define __uint(name, number) int(*name)[number]
#define __type(name, type) type *name
#define __array(name, type) type *name[]

enum { HASH = 1, ARRAY = 2, PROG_ARRAY = 3, PERCPU_HASH = 5, PERCPU_ARRAY = 6, LRU_HASH = 9, LRU_PERCPU_HASH = 10 };
enum { PERF_EVENTS = 4, STACK_TRACE = 7, LPM_TRIE = 11, ARRAY_OF_MAPS = 12, HASH_OF_MAPS = 13 };
enum { DEVMAP = 14, CPUMAP = 16, XSKMAP = 17, QUEUE = 22, DEVMAP_HASH = 25, RINGBUF = 27 };
enum { NO_PREALLOC = 1 };
// A program, for the slots of a map.
typedef int program_t(void *);

enum { ANY = 0, NOEXIST = 1, EXIST = 2 };
enum { XDP_DROP = 1, XDP_PASS = 2 };

struct xdp_md {
  u32 data;
  u32 data_end;
  u32 data_meta;
  u32 ingress_ifindex;
  u32 rx_queue_index;
  u32 egress_ifindex;
};
struct sk_buff {
  u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority;
  u32 ingress_ifindex, ifindex, tc_index, cb[5], hash, tc_classid, data, data_end, napi_id;
  u32 family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4], remote_port, local_port, data_meta;
  u64 flow_keys, tstamp;
  u32 wire_len, gso_segs;
};

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static s64 (*const map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static s64 (*const map_delete)(void *map, const void *key) = (void *)3;
static u64 (*const ktime_get_ns)(void) = (void *)5;
static u32 (*const get_prandom_u32)(void) = (void *)7;
static u32 (*const get_smp_processor_id)(void) = (void *)8;
static s64 (*const tail_call)(void *context, void *map, u32 slot) = (void *)12;
static u64 (*const get_current_pid_tgid)(void) = (void *)14;

#define HELPER(result, name, id, ...) static result (*const name)(__VA_ARGS__) = (void *)id
HELPER(s64, probe_read, 4, void *to, u32 bytes, const void *from);
HELPER(s64, trace_printk, 6, const char *format, u32 bytes, ...);
HELPER(s64, skb_store_bytes, 9, void *skb, u32 offset, const void *from, u32 bytes, u64 flags);
HELPER(s64, l3_csum_replace, 10, void *skb, u32 offset, u64 from, u64 to, u64 flags);
HELPER(s64, l4_csum_replace, 11, void *skb, u32 offset, u64 from, u64 to, u64 flags);
HELPER(s64, clone_redirect, 13, void *skb, u32 ifindex, u64 flags);
HELPER(u64, get_current_uid_gid, 15, void);
HELPER(s64, get_current_comm, 16, void *to, u32 bytes);
HELPER(s64, skb_vlan_push, 18, void *skb, u16 proto, u16 tci);
HELPER(s64, skb_vlan_pop, 19, void *skb);
HELPER(s64, skb_get_tunnel_key, 20, void *skb, void *key, u32 bytes, u64 flags);
HELPER(s64, skb_set_tunnel_key, 21, void *skb, const void *key, u32 bytes, u64 flags);
HELPER(u64, perf_event_read, 22, void *map, u64 flags);
HELPER(s64, redirect, 23, u32 ifindex, u64 flags);
HELPER(s64, perf_event_output, 25, void *context, void *map, u64 flags, const void *data, u64 bytes);
HELPER(s64, skb_load_bytes, 26, void *skb, u32 offset, void *to, u32 bytes);
HELPER(s64, get_stackid, 27, void *context, void *map, u64 flags);
HELPER(s64, csum_diff, 28, const void *from, u32 from_bytes, const void *to, u32 to_bytes, u32 seed);
HELPER(s64, skb_get_tunnel_opt, 29, void *skb, void *options, u32 bytes);
HELPER(s64, skb_set_tunnel_opt, 30, void *skb, const void *options, u32 bytes);
HELPER(s64, skb_change_proto, 31, void *skb, u16 proto, u64 flags);
HELPER(s64, skb_change_type, 32, void *skb, u32 type);
HELPER(u32, get_hash_recalc, 34, void *skb);
HELPER(u64, get_current_task, 35, void);
HELPER(s64, skb_change_tail, 38, void *skb, u32 length, u64 flags);
HELPER(s64, skb_pull_data, 39, void *skb, u32 length);
HELPER(void, set_hash_invalid, 41, void *skb);
HELPER(s64, get_numa_node_id, 42, void);
HELPER(s64, skb_change_head, 43, void *skb, u32 room, u64 flags);
HELPER(s64, xdp_adjust_head, 44, void *xdp, int delta);
HELPER(s64, probe_read_str, 45, void *to, u32 bytes, const void *from);
HELPER(u64, get_socket_cookie, 46, void *context);
HELPER(s64, set_hash, 48, void *skb, u32 hash);
HELPER(s64, setsockopt, 49, void *context, int level, int name, const void *value, int bytes);
HELPER(s64, skb_adjust_room, 50, void *skb, s32 delta, u32 mode, u64 flags);
HELPER(s64, redirect_map, 51, void *map, u64 key, u64 flags);
HELPER(s64, xdp_adjust_meta, 54, void *xdp, int delta);
HELPER(s64, perf_event_read_value, 55, void *map, u64 flags, void *to, u32 bytes);
HELPER(s64, perf_prog_read_value, 56, void *context, void *to, u32 bytes);
HELPER(s64, getsockopt, 57, void *context, int level, int name, void *value, int bytes);
HELPER(s64, override_return, 58, void *registers, u64 result);
HELPER(s64, xdp_adjust_tail, 65, void *xdp, int delta);
HELPER(s64, skb_load_bytes_relative, 68, void *skb, u32 offset, void *to, u32 bytes, u32 start);
HELPER(s64, fib_lookup, 69, void *context, void *params, int bytes, u32 flags);
HELPER(u64, get_current_cgroup_id, 80, void);
HELPER(s64, probe_read_kernel, 113, void *to, u32 bytes, const void *from);
HELPER(s64, probe_read_kernel_str, 115, void *to, u32 bytes, const void *from);
HELPER(u64, jiffies64, 118, void);
HELPER(u64, get_netns_cookie, 122, void *context);
HELPER(u64, ktime_get_boot_ns, 125, void);
HELPER(s64, ringbuf_output, 130, void *map, const void *data, u64 bytes, u64 flags);
HELPER(void *, ringbuf_reserve, 131, void *map, u64 bytes, u64 flags);
HELPER(void, ringbuf_submit, 132, void *record, u64 flags);
HELPER(void, ringbuf_discard, 133, void *record, u64 flags);
HELPER(u64, ringbuf_query, 134, void *map, u64 flags);
HELPER(s64, redirect_neigh, 152, u32 ifindex, const void *params, int bytes, u64 flags);
HELPER(s64, redirect_peer, 155, u32 ifindex, u64 flags);
HELPER(u64, ktime_get_coarse_ns, 160, void);
HELPER(u64, xdp_get_buff_len, 188, void *xdp);
HELPER(s64, xdp_load_bytes, 189, void *xdp, u32 offset, void *to, u32 bytes);
HELPER(s64, xdp_store_bytes, 190, void *xdp, u32 offset, const void *from, u32 bytes);
HELPER(void *, map_lookup_percpu, 195, void *map, const void *key, u32 cpu);
HELPER(u64, ktime_get_tai_ns, 208, void);
// Loads of packets as classic BPF had them: the context is in r6.
u64 load_byte(void *skb, u64 offset) __asm__("llvm.bpf.load.byte");
u64 load_half(void *skb, u64 offset) __asm__("llvm.bpf.load.half");
u64 load_word(void *skb, u64 offset) __asm__("llvm.bpf.load.word");

#define PACKET(context) ((u8 *)(u64)(context)->data)
#define PACKET_END(context) ((u8 *)(u64)(context)->data_end)
