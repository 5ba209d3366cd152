// The kind of an Ethernet packet.
#include "bpf.h"

SEC("xdp")
int program(struct xdp_md *context) {
  u8 *data = PACKET(context);
  if (data + 14 > PACKET_END(context)) return XDP_DROP;
  u16 kind = (u16)(data[12] << 8 | data[13]);
  return kind == 0x0800 ? XDP_PASS : kind == 0x86dd ? 4 : XDP_DROP;
}
