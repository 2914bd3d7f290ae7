variable "day" {
  type    = string
  default = "2027-01-31"
}

source "debian" "server" {
  suite = "bookworm"
}

recipe "web" {
  version = "1.0.0"
  source  = source.debian.server
  disk {
    size = "512MiB"
  }
}

pipeline "web" {
  recipe = recipe.web
  scan {
    fail_on      = "medium"
    only_fixable = true
    unrated      = "high"
    end_of_life  = "allow"
    max_feed_age = "3d"
    vex          = ["vex/openssl.json"]
    accept "CVE-2025-0001" {
      reason  = "not reachable"
      expires = var.day
    }
    accept "CVE-2025-0001" {
      reason  = "another package, another reason"
      package = "curl"
    }
    accept "ssh-hostkeys" {
      reason = "a demonstration"
      path   = "/etc/ssh/*"
    }
    profile = "cis-2"
    severity "no-data" {
      level = "high"
    }
  }
}
