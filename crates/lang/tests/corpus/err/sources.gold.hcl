source "imge" "typo" {
  name = "base"
}

source "image" "neither" {
  name = "base"
}

source "image" "both" {
  name    = "base"
  version = "1.4"
  channel = "production"
}

source "image" "unnamed" {
  version = "1.4"
}

source "image" "wrong" {
  name     = "../base"
  version  = ">= 1.4"
  packages = ["a b"]
}

source "image" "foreign" {
  nmae    = "base"
  name    = "base"
  version = "1"
  suite   = "bookworm"
}

source "disk" "nowhere" {
  sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}

source "disk" "twice" {
  file   = "a.raw"
  url    = "https://example.com/a.raw"
  sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}

source "disk" "unpinned" {
  file = "a.raw"
}

source "disk" "short" {
  url    = "ftp://example.com/a.raw"
  sha256 = "9f86d081"
}

disk "small" {
  size = "2GiB"
}

source "image" "a" {
  name    = "a"
  version = "1"
}

source "image" "b" {
  name    = "b"
  version = "1"
}

recipe "a" {
  version = "1.0.x"
  source  = source.image.b
  disk    = disk.small
}

recipe "b" {
  version = "1.0.x"
  source  = source.image.a
  disk    = disk.small
}

recipe "above-the-circle" {
  version = "1.0.x"
  source  = source.image.a
  disk    = disk.small
}

source "image" "own" {
  name    = "own"
  version = "1"
}

recipe "own" {
  version = "1.0.x"
  source  = source.image.own
  disk    = disk.small
}
