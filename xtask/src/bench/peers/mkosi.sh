#!/usr/bin/env bash
# mkosi makes the same server, in its tree (see enter.sh), from packages that it keeps.
# usage: mkosi.sh MIRROR PACKAGES COMMAND [OPTION...], in a directory of its own
set -euo pipefail
mirror=$1 packages=$2
shift 2
mkdir -p cache pm/etc/apt/sources.list.d mkosi.extra/etc
# Instead of the generated list, which names a repository of debugging symbols that mirrors lack.
cat > pm/etc/apt/sources.list.d/mkosi.sources <<X
Types: deb
URIs: $mirror
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
X
cat > mkosi.conf <<X
[Distribution]
Distribution=debian
Release=bookworm
Mirror=$mirror
PackageManagerTrees=pm:/
[Output]
Format=disk
CacheDirectory=cache
OutputDirectory=out
Incremental=yes
[Content]
Bootable=yes
Bootloader=grub
BiosBootloader=grub
UnifiedKernelImages=no
Packages=$packages
X
mkdir -p out
exec mkosi "$@"
