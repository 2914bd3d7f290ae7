# A golden image and one that starts from it: the base is made rarely and reviewed once, the shop
# changes every day. `goldsmith build` makes both, the base first.

source "debian" "minimal" {
  suite    = "bookworm"
  packages = [
    "linux-image-cloud-amd64", "initramfs-tools", "zstd",
    "systemd-sysv", "systemd-resolved", "dbus", "udev", "kmod",
    "openssh-server", "cloud-init", "cloud-guest-utils", "sudo",
    "ca-certificates", "iproute2", "netbase", "e2fsprogs",
  ]
}

recipe "base" {
  version = "1.0.x"
  source  = source.debian.minimal
  purpose = "base"
  disk    = disk.small
}

source "image" "golden" {
  name     = "base"
  version  = "1.0" # the newest 1.0.x; the lock pins one
  packages = ["nginx-light"]
}

recipe "shop" {
  version = "2.1.x"
  source  = source.image.golden
  purpose = "shop"
  disk    = disk.small

  provisioner "file" {
    content     = "<h1>Open</h1>\n"
    destination = "/var/www/html/index.html"
  }
}

disk "small" {
  size = "2GiB"
}
