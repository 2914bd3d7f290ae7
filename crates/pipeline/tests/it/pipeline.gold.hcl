source "debian" "server" {
  suite    = "bookworm"
  packages = ["linux-image-cloud-amd64"]
}

recipe "web" {
  version = "1.0.x"
  source  = source.debian.server
  purpose = "web"

  disk {
    size = "2GiB"
    boot = ["bios"]
  }
}

pipeline "web" {
  recipe    = recipe.web
  lifecycle = lifecycle.standard

  schedule {
    cron            = "cron(0 3 ? * MON *)"
    start_condition = "always"
  }

  test {
    boot = ["bios"]
  }
  test "smoke" {
    parallel_group = "more"
  }
  test "load" {
    parallel_group = "more"
    on_failure     = "continue"
  }
  test "old" {
    skip = true
  }
  scan {
    fail_on = "high"
  }
  step "command" "warm" {
    after   = "build"
    command = ["warm", "::output size=12"]
  }
  step "webhook" "ask" {
    before = "gate"
    if     = step.warm.size > 10
    url    = "https://example.com/ask"
  }
  step "command" "never" {
    before  = "gate"
    if      = step.warm.size > 100
    command = ["never"]
  }
}

lifecycle "standard" {
  keep_last       = 3
  keep_monthly    = 12
  deprecate_after = "7d"
  disable_after   = "7d"
  delete_after    = "14d"
}
