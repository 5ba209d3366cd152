// Numbers in a text, read by a state machine.
#include "bpf.h"

static const char text[] = "12+345-6+78";
SEC("kprobe/states")
int program(void *in) {
  enum { START, NUMBER, SIGN } state = START;
  int total = 0, number = 0, sign = 1;
#pragma clang loop unroll(disable)
  for (u32 i = 0; i < sizeof(text); i++) {
    char c = *(volatile const char *)&text[i];
    if (c >= '0' && c <= '9') {
      number = number * 10 + (c - '0');
      state = NUMBER;
      continue;
    }
    if (state == NUMBER) total += sign * number;
    number = 0;
    sign = c == '-' ? -1 : 1;
    state = SIGN;
  }
  return total;
}
