# A web server: Debian 12 with nginx, for BIOS and UEFI machines.

variable "suite" {
  type    = string
  default = "bookworm"
}

variable "greeting" {
  type        = string
  default     = "Hello from a golden image"
  description = "What the first page says"
}

source "debian" "server" {
  suite    = var.suite
  packages = [
    # the machine
    "linux-image-cloud-amd64", "initramfs-tools", "zstd",
    "systemd-sysv", "systemd-resolved", "dbus", "udev", "kmod",
    # reached and configured by a cloud
    "openssh-server", "cloud-init", "cloud-guest-utils", "sudo",
    # the usual
    "ca-certificates", "iproute2", "netbase", "e2fsprogs", "less",
    # what it is for
    "nginx-light", "curl",
  ]
}

recipe "web" {
  version = "1.0.x" # x: counted up by Goldsmith
  source  = source.debian.server
  purpose = "web"

  component "./components/nginx.yaml" {
    parameters = { greeting = var.greeting }
  }

  disk {
    size = "2GiB"
    boot = ["bios", "uefi"]
  }
}

pipeline "web" {
  recipe = recipe.web

  test {
    boot = ["bios", "uefi"]
    budget {
      boot_time       = "170s" # software emulation is slow; real machines need a tenth
      disk_usage      = "1.2GiB"
      memory          = "400MiB"
      listening_ports = ["22/tcp", "80/tcp"]
    }
  }
}
