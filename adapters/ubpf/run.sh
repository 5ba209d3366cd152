#!/usr/bin/env bash
# Start the adapter that setup.sh made in ROX_UBPF_BUILD (default: .rox/ubpf of the project).
folder=${ROX_UBPF_BUILD:-$(cd "$(dirname "$0")" && pwd)/../../.rox/ubpf}
if [ ! -x "$folder/adapter" ]; then
  echo "expected the adapter in $folder, got none; run adapters/ubpf/setup.sh" >&2
  exit 1
fi
if [ "$(uname -m)" = aarch64 ]; then exec "$folder/adapter"; fi
exec qemu-aarch64-static -L /usr/aarch64-linux-gnu "$folder/adapter"
