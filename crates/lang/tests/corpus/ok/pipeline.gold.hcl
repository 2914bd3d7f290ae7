variable "token" {
  type      = string
  default   = "hunter2-hunter2"
  sensitive = true
}

variable "least" {
  type    = number
  default = 3
}

source "debian" "server" {
  suite = "bookworm"
}

recipe "web" {
  version = "1.0.x"
  source  = source.debian.server
  purpose = "web"
  disk {
    size = "512MiB"
  }
}

component "smoke" {
  document   = "./smoke.yaml"
  parameters = { port = 80 }
}

pipeline "web" {
  recipe = recipe.web

  schedule {
    rate            = "rate(12 hours)"
    start_condition = "new-finding"
    severity        = "critical"
    auto_disable    = 0
  }

  test {
    boot = ["uefi"]
  }
  test "smoke" {
    components     = ["smoke", "./other.yaml"]
    parallel_group = "g1"
    on_failure     = "continue"
    budget {
      boot_time = "90s"
    }
  }
  test "slow" {
    skip = true
  }

  step "wait" "late" {
    before  = "distribute"
    if      = !(step.first.status == "failed") && (stage.scan.high >= var.least || step.hook.code != 200)
    message = "go on?"
  }
  step "command" "first" {
    before      = "lock"
    if          = var.least > 2
    command     = ["./first.sh", var.token]
    environment = { TOKEN = var.token, HOME_OF = env("HOME"), LEVEL = 3 }
    timeout     = "10m"
    on_failure  = "continue"
  }
  step "webhook" "hook" {
    after   = "scan"
    if      = stage.build.new && step.first.anything == "yes"
    url     = "https://ticket.example.com/${var.token}"
    secret  = var.token
    payload = { image = "web", token = var.token }
  }

  approval {
    required  = 2
    approvers = ["Zoe@example.com", "ann@example.com"]
    expires   = "2w"
    auto      = "no-new-findings"
  }

  distribution = distribution.all
  lifecycle    = lifecycle.long

  notify "webhook" {
    url = env("NOT_THERE")
  }
  notify "slack" "team" {
    url      = "https://hooks.slack.example.com/services/T0/B0/abcdef"
    events   = ["run-failed", "approved"]
    severity = "medium"
  }
  notify "smtp" "mail" {
    server   = "smtps://mail.example.com:465"
    from     = "gold@example.com"
    to       = ["ops@example.com"]
    user     = "gold"
    password = var.token
  }
}

pipeline "plain" {
  recipe = recipe.web
  schedule {
    cron     = "0 0 * * sun *"
    timezone = "America/New_York"
  }
}

distribution "all" {
  tags = { team = "platform", environment = "dev", compliance = "none", cost = 42 }
  target "local" "lab" {
    directory = "out"
  }
  target "s3" "lab" {
    bucket  = "golden.images"
    prefix  = "/a/b/"
    formats = ["raw", "gce"]
  }
}

lifecycle "long" {
  keep_last      = "all"
  keep_monthly   = 0
  keep_within    = "1y"
  failed_after   = "3d"
  keep_tag       = "keep"
  roles          = ["arn:aws:iam::111122223333:role/audit"]
  max_per_run    = 5
}
