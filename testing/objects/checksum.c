// The Internet checksum of a packet's first bytes.
#include "bpf.h"

SEC("xdp")
int program(struct xdp_md *context) {
  u8 *data = PACKET(context);
  if (data + 40 > PACKET_END(context)) return XDP_DROP;
  data[3] = 0x45;
  data[17] = 0x99;
  u32 sum = 0;
#pragma clang loop unroll(disable)
  for (u32 i = 0; i < 40; i += 2) sum += (u32)data[i] << 8 | data[i + 1];
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (u16)~sum;
}
