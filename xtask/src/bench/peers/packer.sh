#!/usr/bin/env bash
# Packer's QEMU builder on a finished disk, base.qcow2, with one shell provisioner, in its tree (see
# enter.sh): no KVM, so QEMU's translator. usage: packer.sh prepare|build, in a directory of its own
set -euo pipefail
if [ "$1" = prepare ]; then
  rm -rf key key.pub out
  ssh-keygen -q -t ed25519 -N '' -f key
  printf 'instance-id: packer\nlocal-hostname: packer\n' > meta-data
  printf '#cloud-config\ndisable_root: false\nusers:\n- name: root\n  ssh_authorized_keys: ["%s"]\n' "$(cat key.pub)" > user-data
  cat > packer.json <<'X'
{ "builders": [{
    "type": "qemu", "accelerator": "tcg", "headless": true, "cpus": 2, "memory": 1024,
    "disk_image": true, "iso_url": "base.qcow2", "iso_checksum": "none", "format": "qcow2", "skip_resize_disk": true,
    "disk_interface": "virtio", "net_device": "virtio-net",
    "output_directory": "out", "vm_name": "disk.qcow2",
    "qemuargs": [
      ["-cpu", "max"], ["-display", "none"],
      ["-drive", "file=out/disk.qcow2,if=virtio,cache=unsafe,format=qcow2"],
      ["-drive", "file=seed.img,if=virtio,format=raw"]],
    "communicator": "ssh", "ssh_username": "root", "ssh_private_key_file": "key", "ssh_timeout": "9m",
    "shutdown_command": "poweroff" }],
  "provisioners": [{ "type": "shell", "inline": ["echo hello > /etc/motd"] }] }
X
  exit
fi
rm -rf out
export PACKER_CACHE_DIR=cache CHECKPOINT_DISABLE=1
exec packer build -color=false packer.json
