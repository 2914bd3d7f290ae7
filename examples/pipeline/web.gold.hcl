# A whole life: an image that is built when its packages have news, tested, scanned, approved by
# people, copied to where it is used, and taken away when its time is over.

variable "hook_url" {
  type        = string
  default     = env("HOOK_URL")
  sensitive   = true
  description = "Where events go; without one nothing is sent"
}

source "debian" "server" {
  suite    = "bookworm"
  packages = [
    # the machine
    "linux-image-cloud-amd64", "initramfs-tools", "zstd",
    "systemd-sysv", "systemd-resolved", "dbus", "udev", "kmod",
    # reached and configured by a cloud
    "openssh-server", "cloud-init", "cloud-guest-utils", "sudo",
    # the usual
    "ca-certificates", "iproute2", "netbase", "e2fsprogs", "less",
  ]
}

recipe "web" {
  version = "1.0.x" # x: counted up by Goldsmith
  source  = source.debian.server
  purpose = "web"

  component "timezone" {}

  disk {
    size = "2GiB"
    boot = ["bios", "uefi"]
  }
}

pipeline "web" {
  recipe = recipe.web

  schedule {
    cron            = "cron(0 3 ? * MON-FRI *)"
    timezone        = "Europe/Helsinki"
    start_condition = "dependency-updates" # only if the lock would change
    auto_disable    = 5
  }

  # Without a name: what `goldsmith test` does.
  test {
    boot = ["bios", "uefi"]
    budget {
      boot_time       = "170s" # software emulation is slow; real machines need a tenth
      disk_usage      = "1.2GiB"
      listening_ports = ["22/tcp"]
    }
  }

  test "small-machine" {
    boot           = ["uefi"]
    parallel_group = "late"
    on_failure     = "continue"
    budget {
      memory = "400MiB"
    }
  }

  scan {
    fail_on      = "critical"
    only_fixable = true
  }

  step "command" "size" {
    after   = "build"
    command = ["./checks/size.sh", "2000000000"]
    timeout = "1m"
  }

  step "wait" "look" {
    after   = "scan"
    if      = stage.scan.high > 0 && step.size.status == "completed"
    message = "there are findings of high severity: go on all the same?"
    timeout = "2d"
  }

  approval {
    required  = 2
    approvers = ["ann@example.com", "ben@example.com", "security@example.com"]
    expires   = "30d"
    auto      = "no-new-findings"
  }

  distribution = distribution.everywhere
  lifecycle    = lifecycle.standard

  notify "webhook" {
    url    = var.hook_url
    events = ["run-failed", "approval-needed", "finding-new", "retired"]
  }

  notify "smtp" "owners" {
    server   = "smtp://mail.example.com:25"
    from     = "goldsmith@example.com"
    to       = ["platform@example.com"]
    events   = ["finding-new", "quarantined", "schedule-disabled"]
    severity = "high"
  }
}

distribution "everywhere" {
  name = "{purpose}-{os}-{version}-{date}"
  tags = { team = "platform", environment = "production", compliance = "cis-level-1" }

  target "local" "lab" {
    directory = "images"
    formats   = ["qcow2", "ova"]
  }

  target "s3" "archive" {
    bucket   = "golden-images"
    prefix   = "debian"
    region   = "eu-north-1"
    endpoint = "http://127.0.0.1:9000"
    formats  = ["raw.zst"]
  }

  target "aws" "eu" {
    regions         = ["eu-north-1", "ap-southeast-1"]
    accounts        = ["111122223333"]
    deprecate_after = "180d"
    parameters      = "/golden"
    encrypt {
      kms_key = "alias/golden"
    }
  }
}

lifecycle "standard" {
  keep_last      = 3
  keep_monthly   = 12
  keep_quarterly = 12
  disable_after  = "14d"
  delete_after   = "30d"
  failed_after   = "7d"
  keep_tag       = "keep=yes"
}
