// Options of a socket, and who it is.
#include "bpf.h"

SEC("sockops")
int program(void *context) {
  u32 size = 4096, back = 0;
  s64 set = setsockopt(context, 1, 8, &size, 4), wrong = setsockopt(context, 6, 1, &size, 4);
  s64 got = getsockopt(context, 1, 8, &back, 4), other = getsockopt(context, 6, 1, &size, 4);
  return (int)(set + wrong * 3 + got + other * 5) + back + size + (u32)get_socket_cookie(context) + (u32)get_netns_cookie(context) + (u32)get_netns_cookie(0);
}
