// The ends of a packet moved, and the bytes before it.
#include "bpf.h"

SEC("xdp")
int program(struct xdp_md *context) {
  u32 before = (u32)xdp_get_buff_len(context);
  if (xdp_adjust_head(context, -16) != 0 || xdp_adjust_tail(context, 20) != 0) return -1;
  u8 *data = PACKET(context), *end = PACKET_END(context);
  if (data + 16 > end) return -2;
  for (int i = 0; i < 16; i++) data[i] = (u8)(i + 1);
  if (xdp_adjust_meta(context, -8) != 0) return -3;
  u32 *meta = (u32 *)(u64)context->data_meta;
  data = PACKET(context);
  if ((u8 *)(meta + 2) > data) return -4;
  meta[0] = 0x1234;
  meta[1] = meta[0] * 3;
  u32 sum = meta[0] + meta[1];
  if (xdp_adjust_head(context, 4096) != -22 || xdp_adjust_tail(context, -4096) != -22) return -5;
  return before * 1000 + (u32)xdp_get_buff_len(context) + sum;
}
