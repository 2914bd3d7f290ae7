source "image" "base" {
  name    = "base"
  version = "1.4.x"
}

source "image" "released" {
  name     = "platform-base"
  channel  = "production"
  packages = ["nginx-light", "curl=7.88.1-10"]
}

source "disk" "vendor" {
  file   = "images/vendor.qcow2"
  sha256 = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"
}

source "disk" "cloud" {
  url    = "https://example.com/generic.raw"
  sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  arch   = "arm64"
}

disk "small" {
  size = "2GiB"
  boot = ["uefi"]
}

recipe "on-image" {
  version = "1.0.x"
  source  = source.image.base
  disk    = disk.small
}

recipe "on-channel" {
  version = "1.0.x"
  source  = source.image.released
  disk    = disk.small
}

recipe "on-file" {
  version = "1.0.x"
  source  = source.disk.vendor
  disk    = disk.small
}

recipe "on-url" {
  version = "1.0.x"
  source  = source.disk.cloud
  disk    = disk.small
}

source "debian" "server" {
  suite = "bookworm"
}

# Not in a circle: an image of the name need not be of this project.
recipe "base" {
  version = "1.4.x"
  source  = source.debian.server
  disk    = disk.small
}
