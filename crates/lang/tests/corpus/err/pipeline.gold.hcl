variable "token" {
  type      = string
  default   = "hunter2-hunter2"
  sensitive = true
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

recipe "spaced" {
  version = "1.0.0"
  source  = source.debian.server
  purpose = "web server"
  disk {
    size = "512MiB"
  }
}

pipeline "schedules" {
  recipe = recipe.web
  schedule {
    timezone        = "Europe/Helsinky"
    start_condition = "new-parents"
    auto_disable    = -1
  }
}

pipeline "both" {
  recipe = recipe.web
  schedule {
    cron = "cron(0 10 7 * 2 *)"
    rate = "rate(1 hours)"
  }
}

pipeline "twice" {
  recipe = recipe.web
  schedule {
    cron     = "cron(0 10 * * ? *)"
    rate     = "rate(1 hour)"
    timezone = "Mars"
    severity = "low"
  }
  schedule {
    rate = "rate(5 hour)"
  }
}

pipeline "tests" {
  recipe = recipe.web
  test {
    skip = true
  }
  test "boot" {
    on_failure     = "explode"
    parallel_group = "a b"
  }
  test "bad name" {
    components = "smoke"
  }
  test "a" "b" {}
  test {}
}

pipeline "steps" {
  recipe = recipe.web
  step "comand" "typo" {
    after = "build"
  }
  step "command" "nowhere" {
    command = ["true"]
  }
  step "command" "everywhere" {
    before  = "build"
    after   = "test"
    command = []
  }
  step "command" "stage" {
    before      = "biuld"
    command     = ["true"]
    environment = { "A B" = "c" }
  }
  step "wait" "ask" {
    before  = "test"
    if      = stage.scan.high > 0
    message = " "
  }
  step "wait" "ask" {
    before  = "test"
    message = "again"
    timeout = "long"
  }
  step "webhook" "hook" {
    after = "test"
    if    = step.later.code == 0 || step.hook.code == 200 || step.nobody.code == 1 || stage.bild.new || stage.build.size > 3
    url   = "ftp://example.com"
  }
  step "command" "later" {
    after   = "test"
    if      = step.hook.header == "x" || step.hook + 1 || step.hook.code + 1 || upper(step.hook.body) == "A" || step.hook.body == var.token || step.hook.body == ["x"]
    command = ["true"]
  }
  step "wait" "told" {
    after   = "scan"
    message = "is ${var.token} right?"
  }
  step "command" "value" {
    after   = "scan"
    if      = "perhaps"
    command = [stage.build.image]
  }
}

pipeline "approvals" {
  recipe = recipe.web
  approval {
    required  = 3
    approvers = ["ann@example.com", "ben@example.com"]
  }
  approval {}
}

pipeline "voices" {
  recipe = recipe.web
  approval {
    approvers = ["ann@example.com", "Ann@Example.com"]
    auto      = "always"
  }
}

pipeline "people" {
  recipe = recipe.web
  approval {
    required  = 0
    approvers = ["ann", "security team"]
    expires   = "never"
  }
}

pipeline "targets" {
  recipe       = recipe.web
  distribution = distribution.nowhere
  lifecycle    = distribution.all
}

pipeline "purpose" {
  recipe       = recipe.web
  distribution = distribution.all
}

pipeline "space" {
  recipe       = recipe.spaced
  distribution = distribution.all
}

pipeline "tell" {
  recipe = recipe.web
  notify "pager" {}
  notify "webhook" {}
  notify "webhook" "b" {
    url    = "example.com"
    events = ["run-faild"]
  }
  notify "slack" "b" {
    url      = "https://example.com"
    secret   = "x"
    severity = "awful"
  }
  notify "smtp" "m" {
    server = "smtp://gold:pass@mail.example.com"
    from   = "gold"
    to     = []
  }
}

distribution "all" {
  tags = { team = "platform", environment = "dev", compliance = "none" }
  target "local" "lab" {
    directory = "out"
  }
}

distribution "empty" {
  name = "web-{date}"
  tags = { team = "platform", compliance = "" }
}

distribution "odd" {
  name = "{purpose}-{day}-{version}"
  tags = { team = var.token, environment = "dev", compliance = "none", version = "1" }
  target "azure" "eu" {}
  target "local" "lab" {
    directory = ""
    formats   = ["qcow3"]
  }
  target "local" "lab" {
    directory = "b"
  }
  target "s3" "x" {
    bucket   = "Golden_Images"
    prefix   = "../up"
    endpoint = "localhost:9000"
    formats  = []
  }
}

distribution "named" {
  name = "{team}-{version}"
  tags = { team = "the platform", environment = "dev", compliance = "none" }
  target "local" "lab" {
    directory = "out"
  }
}

lifecycle "empty" {
  keep_last    = 0
  failed_after = "3d"
}

lifecycle "wrong" {
  keep_last    = "some"
  keep_monthly = -1
  keep_within  = "a year"
  max_per_run  = 0
  keep_tag     = "=yes"
  roles        = ["audit"]
}
