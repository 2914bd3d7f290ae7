source "debian" "a" {
  suite = = "bookworm"
}

source "debian" "b" {
  siute = "x"
  suite = "bookworm"
}

recipe "c" {
  version = "1.0.0
}
