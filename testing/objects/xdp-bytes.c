// Bytes of a packet copied in and out, and fields of its context.
#include "bpf.h"

SEC("xdp")
int program(struct xdp_md *context) {
  u64 word = 0x0102030405060708, back = 0;
  if (xdp_store_bytes(context, 6, &word, 8) != 0 || xdp_load_bytes(context, 3, &back, 8) != 0) return -1;
  if (xdp_load_bytes(context, 1000, &word, 8) != -22) return -2;
  return (u32)(back >> 24) + context->ingress_ifindex + context->rx_queue_index * 3;
}
