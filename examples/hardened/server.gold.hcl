# A server by the CIS benchmark, level 2: firewall, audit, logs, time, agents, and the tests that prove it.

source "debian" "server" {
  suite    = "bookworm"
  packages = [
    # the machine
    "linux-image-cloud-amd64", "initramfs-tools", "zstd",
    "systemd-sysv", "systemd-resolved", "dbus", "udev", "kmod",
    # reached and configured by a cloud
    "openssh-server", "cloud-init", "cloud-guest-utils",
    # the usual; what the components need comes with them
    "ca-certificates", "iproute2", "netbase", "e2fsprogs", "less", "cron",
  ]
}

recipe "server" {
  version = "1.0.x"
  source  = source.debian.server
  purpose = "server"

  component "update-linux" {}

  # What the benchmark asks for and other components do comes first: its report says so.
  component "firewall" {
    parameters = { InboundTcp = "22" }
  }
  component "auditd" {}
  component "journald" {}
  component "time-sync" {
    parameters = { Servers = "169.254.169.123" }
  }
  component "qemu-guest-agent" {}
  component "node-exporter" {}
  component "cis-linux" {
    parameters = { Level = "2" }
  }

  component "simple-boot-test" {}
  component "ssh-host-key-test" {}
  component "single-ssh-key-test" {}
  component "package-repository-test" {}
  component "imds-v2-test" {}
  component "reboot-test" {}

  disk {
    size        = "3GiB"
    boot        = ["bios", "uefi"]
    kernel_args = ["audit=1", "audit_backlog_limit=8192", "apparmor=1", "security=apparmor"]
  }
}

pipeline "server" {
  recipe = recipe.server

  test {
    boot = ["uefi"]
    budget {
      disk_usage      = "1.6GiB"
      memory          = "500MiB"
      listening_ports = ["22/tcp"]
    }
  }

  # The disk is held to it by `goldsmith scan`, the running machine by `goldsmith test`.
  scan {
    profile = "cis-2"
  }
}
