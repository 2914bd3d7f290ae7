#!/usr/bin/env bash
# Makes the root trees that peers run in, so that none of their packages touch this machine.
# usage: trees.sh MIRROR DIRECTORY
set -euo pipefail
mirror=$1 place=$2
main="deb $mirror bookworm main"
mkdir -p "$place"
if [ ! -e "$place/tools/made" ]; then
  rm -rf "$place/tools"
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,packer,guestfs-tools,linux-image-cloud-amd64,openssh-client,qemu-system-x86,qemu-utils \
    bookworm "$place/tools" "$main"
  touch "$place/tools/made"
fi
if [ ! -e "$place/mkosi/made" ]; then
  rm -rf "$place/mkosi"
  # The mkosi of the backports needs their systemd; what it runs itself comes from the release.
  mmdebstrap --quiet --variant=apt --include=bubblewrap,ca-certificates,cpio,dosfstools,e2fsprogs,grub-common,grub-efi-amd64-bin,grub-pc-bin,kmod,mtools,python3,udev,uidmap,zstd \
    --customize-hook='chroot "$1" apt-get -qq -y --no-install-recommends -t bookworm-backports install mkosi systemd systemd-container' \
    bookworm "$place/mkosi" "$main" "deb $mirror bookworm-backports main"
  touch "$place/mkosi/made"
fi
