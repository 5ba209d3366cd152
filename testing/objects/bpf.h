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
// A program, for the slots of a map.
typedef int program_t(void *);

enum { ANY = 0, NOEXIST = 1, EXIST = 2 };
enum { XDP_DROP = 1, XDP_PASS = 2 };

struct xdp_md {
  u32 data;
  u32 data_end;
  u32 data_meta;
};

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static s64 (*const map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static s64 (*const map_delete)(void *map, const void *key) = (void *)3;
static u64 (*const ktime_get_ns)(void) = (void *)5;
static u32 (*const get_prandom_u32)(void) = (void *)7;
static u32 (*const get_smp_processor_id)(void) = (void *)8;
static s64 (*const tail_call)(void *context, void *map, u32 slot) = (void *)12;
static u64 (*const get_current_pid_tgid)(void) = (void *)14;

#define PACKET(context) ((u8 *)(u64)(context)->data)
#define PACKET_END(context) ((u8 *)(u64)(context)->data_end)
