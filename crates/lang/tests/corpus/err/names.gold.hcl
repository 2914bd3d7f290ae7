packages = ["stray"]

surce "debian" "s" {
  suite = "bookworm"
}

build {
}

source "debian" "s" {
  siute    = "bookworm"
  packages = ["a b", "nginx"]
  arch     = "amd46"
  mirror   = "ftp.example"
}

source "fedora" "f" {
  suite = "x"
}

source "debian" {
  suite = "bookworm"
}

recipe "bad name" {
  version = "1.0.0"
}

recipe "twice" {
  version = "1.0"
  source  = source.debian.nope
  disk {
    size = "8GB3"
  }
  disk {
    size = "1GiB"
  }
}

recipe "twice" {
}

recipe "both" {
  version = "1.0.x"
  source  = disk.d
  disk    = disk.d
  disk {
    size = "1000000B"
  }
}

disk "d" {
  size = "17TiB"
  boot = ["bois"]
}

recipe "arm" {
  version = "1.0.x"
  source  = source.debian.arm
  disk {
    size = "1GiB"
  }
}

source "debian" "arm" {
  suite = "bookworm"
  arch  = "arm64"
}

pipeline "p" {
  recipe = recipe.arm
  test {
    budget {
      boot_time       = "soon"
      listening_ports = ["ssh"]
    }
    notify {}
  }
}
