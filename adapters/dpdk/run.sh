#!/usr/bin/env bash
# Start the adapter that setup.sh made in ROX_DPDK (default: .rox/dpdk of the project).
folder=${ROX_DPDK:-$(cd "$(dirname "$0")" && pwd)/../../.rox/dpdk}
if [ ! -x "$folder/adapter" ]; then
  echo "expected the adapter in $folder, got none; run adapters/dpdk/setup.sh" >&2
  exit 1
fi
if [ "$(uname -m)" = aarch64 ]; then exec "$folder/adapter"; fi
libraries=$folder/sysroot/usr/lib/aarch64-linux-gnu:$folder/sysroot/lib/aarch64-linux-gnu
exec qemu-aarch64-static -L "$folder/sysroot" -E LD_LIBRARY_PATH="$libraries" "$folder/adapter"
