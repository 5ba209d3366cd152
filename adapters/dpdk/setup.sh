#!/usr/bin/env bash
# Make the adapter for Debian's arm64 librte-bpf: on arm64 against the installed library, elsewhere against unpacked packages,
# to be run by qemu-user. Usage: setup.sh [FOLDER]   (default: .rox/dpdk of the project; ROX_DPDK for run.sh)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${ROX_DPDK:-$here/../../.rox/dpdk}}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

if [ "$(uname -m)" = aarch64 ]; then
  # shellcheck disable=SC2046
  cc -O2 -o "$folder/adapter" "$here/adapter.c" $(pkg-config --cflags --libs libdpdk)
  exit
fi

# The library with all that it loads, by the names of the release: apt knows which.
dpkg --print-foreign-architectures | grep -qx arm64 || { echo "expected the architecture arm64, got none; dpkg --add-architecture arm64 && apt-get update" >&2; exit 2; }
cd "$folder"
if [ ! -e sysroot/usr/include/dpdk/rte_bpf.h ]; then
  bpf=$(apt-cache pkgnames librte-bpf | sort -V | tail -1)
  mapfile -t names < <(
    apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
      "$bpf:arm64" | grep -o '^[a-z0-9.+-]*:arm64' | sort -u
  )
  mkdir -p packages
  (cd packages && apt-get download -qq "${names[@]}" libdpdk-dev:arm64 libbsd-dev:arm64 libmd-dev:arm64)
  for package in packages/*.deb; do dpkg -x "$package" sysroot; done
  rm -r packages
  # Of releases in which /lib is a link, the packages do not bring it.
  if [ ! -e sysroot/lib ]; then ln -s usr/lib sysroot/lib; fi
fi
include=$folder/sysroot/usr/include
libraries=$folder/sysroot/usr/lib/aarch64-linux-gnu
# Newer releases have a library of its own for the log.
used=()
for name in bpf eal log; do
  for file in "$libraries"/librte_$name.so.*.0; do if [ -e "$file" ]; then used+=("$file"); fi; done
done
aarch64-linux-gnu-gcc -O2 -march=armv8-a+crc -include rte_config.h \
  -I"$include/dpdk" -I"$include/aarch64-linux-gnu/dpdk" -I"$include" -I"$include/aarch64-linux-gnu" \
  -o adapter "$here/adapter.c" "${used[@]}" -Wl,--allow-shlib-undefined
