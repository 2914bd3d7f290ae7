#!/usr/bin/env bash
# Bare QEMU: boots a disk as `goldsmith test` does, on a layer that is thrown away and with the same
# data for cloud-init, until the console shows a login prompt. usage: boot.sh DISK bios|uefi WORK
set -euo pipefail
disk=$1 firmware=$2 work=$3
rm -rf "$work"
mkdir -p "$work"
qemu-img create -q -f qcow2 -F raw -b "$disk" "$work/overlay.qcow2" 18G
printf 'instance-id: bare\nlocal-hostname: bare\n' > "$work/meta-data"
printf '#cloud-config\n{}\n' > "$work/user-data"
truncate -s 8M "$work/seed.img"
mkfs.vfat -n CIDATA "$work/seed.img" > /dev/null
mcopy -i "$work/seed.img" "$work/meta-data" "$work/user-data" ::/
machine=(-machine pc)
if [ "$firmware" = uefi ]; then
  cp /usr/share/OVMF/OVMF_VARS_4M.fd "$work/vars.fd"
  machine=(-machine q35 -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd
    -drive "if=pflash,unit=1,format=raw,file=$work/vars.fd")
fi
qemu-system-x86_64 -display none "${machine[@]}" -accel tcg,thread=multi -cpu max -smp 2 -m 1024M -device virtio-rng-pci \
  -drive "if=virtio,format=qcow2,cache=unsafe,file=$work/overlay.qcow2" -drive "if=virtio,format=raw,readonly=on,file=$work/seed.img" \
  -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= -serial "file:$work/console" -nodefaults -no-reboot &
trap 'kill $! 2> /dev/null; wait' EXIT
for _ in $(seq 6000); do
  grep -q 'login: ' "$work/console" 2> /dev/null && exit
  sleep 0.1
done
echo "no login prompt in ten minutes" >&2
exit 1
