#!/usr/bin/env bash
# The first peer of `cargo xtask bench build`: mmdebstrap with a cache of debs, then a GPT disk for BIOS and
# UEFI from its tree by the usual tools, without mounts. usage: peer.sh MIRROR PACKAGES WORK CACHE
set -euo pipefail
mirror=$1 packages=$2 work=$3 cache=$4
rm -rf "$work"; mkdir -p "$work" "$cache"; tree=$work/tree disk=$work/disk.raw
root=11111111-2222-3333-4444-555555555555 esp=ABCD-1234
mmdebstrap --quiet --variant=minbase --include="$packages" --skip=download/empty --skip=essential/unlink \
  --setup-hook='mkdir -p "$1/var/cache/apt/archives/partial"; cp -al '"$cache"'/*.deb "$1/var/cache/apt/archives/" 2>/dev/null || true' \
  --customize-hook='cp -alf "$1"/var/cache/apt/archives/*.deb '"$cache"'/' \
  bookworm "$tree" "deb $mirror bookworm main" "deb $mirror bookworm-updates main"
printf 'UUID=%s / ext4 rw,x-systemd.growfs 0 1\nUUID=%s /boot/efi vfat umask=0077,nofail 0 2\n' $root $esp > "$tree/etc/fstab"
mkdir -p "$tree/boot/efi" "$tree/boot/grub"; : > "$tree/etc/machine-id"
rm -f "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/*_*
kernel=$(basename "$(ls "$tree"/boot/vmlinuz-* | sort -V | tail -1)"); version=${kernel#vmlinuz-}
cat > "$tree/boot/grub/grub.cfg" <<X
set timeout=0
menuentry 'Debian' {
  search --no-floppy --fs-uuid --set=root $root
  linux /boot/vmlinuz-$version root=UUID=$root ro console=tty0 console=ttyS0,115200
  initrd /boot/initrd.img-$version
}
X
truncate -s 2048M "$disk"
sfdisk -q --no-reread --no-tell-kernel "$disk" <<X
label: gpt
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
start=4096, size=131072, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start=135168, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
X
sectors=$(sfdisk -J "$disk" | jq '.partitiontable.partitions[2].size')
printf 'search.fs_uuid %s root\nset prefix=($root)/boot/grub\nconfigfile ($root)/boot/grub/grub.cfg\n' $root > "$work/early.cfg"
modules="part_gpt ext2 search search_fs_uuid normal configfile linux echo test ls serial terminal gzio minicmd"
grub-mkimage -d /usr/lib/grub/i386-pc -O i386-pc -o "$work/core.img" -p /boot/grub -c "$work/early.cfg" biosdisk $modules
grub-mkimage -d /usr/lib/grub/x86_64-efi -O x86_64-efi -o "$work/BOOTX64.EFI" -p /boot/grub -c "$work/early.cfg" fat efi_gop all_video $modules
python3 - "$disk" "$work/core.img" /usr/lib/grub/i386-pc/boot.img <<'P'
import struct, sys
core = bytearray(open(sys.argv[2], 'rb').read()); boot = bytearray(open(sys.argv[3], 'rb').read())
count = (len(core) + 511) // 512; core += bytes(count * 512 - len(core))
struct.pack_into('<QHH', core, 500, 2049, count - 1, 0x820); struct.pack_into('<Q', boot, 0x5c, 2048); boot[0x66:0x68] = b'\x90\x90'
with open(sys.argv[1], 'r+b') as f: f.write(boot[:440]); f.seek(2048 * 512); f.write(core)
P
truncate -s 64M "$work/esp"; mkfs.vfat -F 32 -s 1 --invariant -n ESP -i ${esp//-/} "$work/esp" >/dev/null
mmd -i "$work/esp" ::/EFI ::/EFI/BOOT; mcopy -i "$work/esp" "$work/BOOTX64.EFI" ::/EFI/BOOT/BOOTX64.EFI
mke2fs -q -t ext4 -d "$tree" -L root -U $root -b 4096 -m 1 -E offset=$((135168 * 512)),hash_seed=$root,root_owner=0:0,lazy_itable_init=1 -F "$disk" $((sectors / 2))k
dd if="$work/esp" of="$disk" bs=1M seek=2 conv=notrunc,sparse status=none
