// A sieve of primes on the stack.
#include "bpf.h"

SEC("kprobe/sieve")
int program(void *in) {
  u8 composite[200];
  for (int i = 0; i < 200; i++) composite[i] = 0;
  int primes = 0;
#pragma clang loop unroll(disable)
  for (u32 i = 2; i < 200; i++) {
    if (composite[i]) continue;
    primes++;
#pragma clang loop unroll(disable)
    for (u32 j = i + i; j < 200; j += i) composite[j] = 1;
  }
  return primes;
}
