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
    fail_on      = "horrible"
    max_feed_age = "soon"
    only_fixible = true
    accept "CVE-2025-0001" {
      reason  = " "
      expires = "2027-02-31"
    }
    accept "CVE-2025-0002" {
      reason  = "never again"
      expires = "tomorrow"
    }
    accept "CVE-2025-0003" {}
    accept "ssh-hostkeys" {
      reason = "a demonstration"
      path   = "etc/ssh"
    }
    profile = "cis-3"
    accept "CVE-2025-0004" {
      reason = "once"
    }
    accept "CVE-2025-0004" {
      reason = "twice"
    }
  }
}
