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
  recipe = recipe.web

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
