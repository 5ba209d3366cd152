// An IPv4 header: version, length, protocol, and its time to live lowered.
#include "bpf.h"

SEC("xdp")
int program(struct xdp_md *context) {
  u8 *data = PACKET(context), *end = PACKET_END(context);
  if (data + 34 > end) return XDP_DROP;
  u8 *ip = data + 14;
  if (ip[0] >> 4 != 4) {
    ip[0] = 0x45;
    ip[8] = 64;
  }
  ip[8]--;
  return (ip[0] & 15) * 4 + ip[9] + ip[8];
}
