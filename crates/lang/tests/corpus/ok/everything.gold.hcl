# Most of the language in one file.
variable "suite" {
  type        = string
  default     = "bookworm"
  description = "Debian suite"
}

variable "extra" {
  type = object({
    packages = list(string)
    size     = optional(number, 4)
  })
  default = {
    packages = ["curl"]
  }
}

locals {
  base  = ["systemd-sysv", "openssh-server"]
  names = { for index, name in local.base : name => index }
  motd  = <<-EOT
    Built on ${var.suite}
      %{ for name in local.base ~}
    - ${name}
      %{ endfor ~}
  EOT
}

local "secret" {
  expression = "t0p-s3cret"
  sensitive  = true
}

source "debian" "server" {
  suite    = var.suite
  packages = concat(local.base, var.extra.packages, keys(local.names)[0] == "openssh-server" ? ["less"] : [])
}

disk "small" {
  size        = "${var.extra.size}GiB"
  boot        = ["uefi"]
  kernel_args = ["quiet"]
}

component "motd" {
  document   = "./components/motd.yaml"
  parameters = { text = local.motd, lines = 3 }
}

recipe "web" {
  version = "1.4.x"
  source  = source.debian.server
  purpose = upper(trimprefix("xweb", "x"))
  disk    = disk.small

  component "timezone" {}
  component "motd" {
    parameters = { lines = 5, token = local.secret }
  }
}

recipe "twin" {
  version = "2.0.0"
  source  = source.debian.server
  disk {
    size = "512MiB"
  }
}

pipeline "web" {
  recipe = recipe.web
  test {
    boot = ["uefi"]
    budget {
      boot_time       = "1m30s"
      disk_usage      = "1.5GiB"
      listening_ports = ["22/tcp"]
    }
  }
}
