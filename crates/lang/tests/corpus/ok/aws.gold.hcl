source "debian" "server" {
  suite = "bookworm"
}

recipe "web" {
  purpose = "web"
  version = "1.0.0"
  source  = source.debian.server
  disk {
    size = "512MiB"
  }
}

pipeline "web" {
  recipe       = recipe.web
  distribution = distribution.cloud
  audit {
    target        = "aws/eu"
    cron          = "cron(0 6 * * ? *)"
    timezone      = "Europe/Helsinki"
    max_age       = "90d"
    channel       = "production"
    allow         = ["ami-0123456789abcdef0"]
    roles         = ["arn:aws:iam::111122223333:role/audit"]
    public_access = true
  }
  notify "sns" "ops" {
    topic = "arn:aws:sns:eu-north-1:111122223333:images"
  }
  notify "eventbridge" {
    bus    = "arn:aws:events:eu-north-1:111122223333:event-bus/default"
    events = ["run-failed", "distributed"]
  }
}

distribution "cloud" {
  tags = { team = "platform", environment = "dev", compliance = "none" }
  target "aws" "least" {
    regions = ["eu-north-1"]
  }
  target "aws" "eu" {
    regions  = ["eu-north-1", "eusc-de-east-1"]
    accounts = ["111122223333", "444455556666"]
    organizations = [
      "arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5",
    ]
    organizational_units = [
      "arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-34cd56ef",
    ]
    role            = "arn:aws:iam::777788889999:role/images/publisher"
    deprecate_after = "180d"
    parameters      = "/golden/"
    watermark       = "golden (approved)"
    endpoint        = "http://127.0.0.1:5000"
    fast_restore {
      zones = ["eu-north-1a", "eusc-de-east-1b"]
    }
    encrypt {
      kms_key  = "alias/golden"
      kms_keys = { eusc-de-east-1 = "arn:aws:kms:eusc-de-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
    }
    launch_template {
      id = "lt-0123456789abcdef0"
    }
    launch_template {
      id      = "lt-01234567"
      region  = "eusc-de-east-1"
      default = false
    }
  }
  target "aws" "open" {
    regions = ["eu-north-1"]
    public  = true
  }
  target "aws" "own-key" {
    regions = ["eu-north-1", "eu-west-1"]
    encrypt {}
  }
}
