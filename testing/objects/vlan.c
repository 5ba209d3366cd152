// A packet with up to two VLAN tags.
#include "bpf.h"

SEC("xdp")
int program(struct xdp_md *context) {
  u8 *data = PACKET(context), *end = PACKET_END(context);
  u32 offset = 12, tags = 0;
  if (data + 64 > end) return XDP_DROP;
  data[12] = 0x81;
  data[16] = 0x81;
  for (int i = 0; i < 2; i++) {
    u16 kind = (u16)(data[offset] << 8 | data[offset + 1]);
    if (kind != 0x8100) break;
    offset += 4;
    tags++;
  }
  return tags * 100 + offset;
}
