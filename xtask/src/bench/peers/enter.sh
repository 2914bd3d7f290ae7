#!/usr/bin/env bash
# Runs a command in a root tree of its own, in which a directory of this machine stands as /bench.
# usage: enter.sh TREE WORK COMMAND [ARGUMENT...]
set -euo pipefail
tree=$1 work=$2
shift 2
mkdir -p "$tree/bench"
export tree work
# The root is exchanged, not only changed: what makes namespaces of its own is refused in a chroot.
exec unshare --mount --pid --fork --kill-child bash -ec '
  mount --bind "$tree" "$tree"
  mount --rbind /dev "$tree/dev"
  mount --rbind /sys "$tree/sys"
  mount -t proc proc "$tree/proc"
  mount -t tmpfs tmp "$tree/tmp"
  mount --bind "$work" "$tree/bench"
  cp /etc/resolv.conf "$tree/etc/resolv.conf"
  mkdir -p "$tree/old"
  cd "$tree"
  pivot_root . old
  umount -l /old
  cd /bench
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8 "$@"
' enter "$@"
