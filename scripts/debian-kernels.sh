#!/usr/bin/env bash
# Debian's current arm64 kernels, as boot files below a folder: debian-kernels.sh FOLDER. Needs apt with arm64 among its
# architectures (dpkg --add-architecture arm64; apt-get update), and installs nothing. Names of packages change with every
# release of the kernel: they are asked for, from the packages that always depend on the newest one.
set -euo pipefail
folder=$(realpath -m "${1:?usage: debian-kernels.sh FOLDER}")
mkdir -p "$folder"

# The newest of the packages whose names are like that.
newest() {
  local best="" best_version="0" name version
  for name in $(apt-cache search --names-only "$1" | awk '{print $1}' | sort -u); do
    version=$(apt-cache show --no-all-versions "$name:arm64" 2>/dev/null | awk '/^Version:/ {print $2; exit}')
    [ -n "$version" ] || continue
    if dpkg --compare-versions "$version" gt "$best_version"; then best=$name best_version=$version; fi
  done
  [ -n "$best" ] || { echo "apt knows no package like $1: is arm64 among dpkg --print-foreign-architectures?" >&2; exit 1; }
  echo "$best"
}

# Of what a package depends on, the first whose name begins so.
depends() {
  apt-cache show --no-all-versions "$1:arm64" 2>/dev/null |
    awk -v name="$2" '/^Depends:/ {for (i = 2; i <= NF; i++) if (index($i, name) == 1) {print $i; exit}}' | tr -d ','
}

unpack() {
  local package=$1 work
  work=$(mktemp -d)
  (cd "$work" && apt-get download -qq "$package:arm64" 2>/dev/null) || { echo "apt could not download $package" >&2; exit 1; }
  mkdir -p "$folder/$package"
  dpkg-deb --fsys-tarfile "$work"/*.deb |
    tar -x -C "$folder/$package" --wildcards './boot/vmlinuz*' './usr/lib/modules/*/vmlinuz' 2>/dev/null || true
  rm -rf "$work"
}

for flavour in 'arm64' 'arm64-16k' 'rt-arm64'; do
  meta=$(newest "^linux-image(-[0-9.]+)?-$flavour\$")
  image=$(depends "$meta" linux-image-)
  unpack "$image"
  # Newer packages have the boot file in one of their own.
  binary=$(depends "$image" linux-binary-)
  if [ -z "$(find "$folder/$image" -name 'vmlinuz*')" ] && [ -n "$binary" ]; then unpack "$binary"; fi
done
find "$folder" -name 'vmlinuz*' | sort
