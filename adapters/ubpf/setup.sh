#!/usr/bin/env bash
# Make the adapter against an installed uBPF for arm64. ROX_UBPF names its prefix (include/ubpf.h, lib/libubpf.*); other
# machines than arm64 need gcc-aarch64-linux-gnu and qemu-user-static. Usage: ROX_UBPF=PREFIX setup.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
prefix=${ROX_UBPF:?expected the prefix of an arm64 uBPF in ROX_UBPF, got none}
folder=${1:-${ROX_UBPF_BUILD:-$here/../../.rox/ubpf}}
mkdir -p "$folder"
compiler=aarch64-linux-gnu-gcc
if [ "$(uname -m)" = aarch64 ]; then compiler=cc; fi
"$compiler" -O2 -I"$prefix/include" -o "$folder/adapter" "$here/adapter.c" -L"$prefix/lib" -lubpf -Wl,-rpath,"$prefix/lib"
