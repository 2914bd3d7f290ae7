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
  distribution = distribution.words
  audit {
    target = "aws/us"
    roles  = ["audit"]
  }
  notify "sns" {
    topic = "images"
  }
  notify "eventbridge" {
    bus = "arn:aws:sns:eu-north-1:111122223333:images"
  }
}

pipeline "elsewhere" {
  recipe       = recipe.web
  distribution = distribution.fine
  audit {
    target = "aws/us"
    rate   = "rate(1 day)"
  }
}

distribution "fine" {
  tags = { team = "platform", environment = "dev", compliance = "none" }
  target "aws" "eu" {
    regions = ["eu-north-1"]
  }
}

distribution "words" {
  tags = { team = "platform", environment = "dev", compliance = "none" }
  target "aws" "nowhere" {}
  target "aws" "empty" {
    regions = []
  }
  target "aws" "words" {
    regions              = ["eu-north-1", "Stockholm", "eu-north-1"]
    accounts             = ["1111-2222-3333", 111122223333]
    organizations        = ["o-a1b2c3d4e5"]
    organizational_units = ["arn:aws:organizations::111122223333:ou/ou-ab12-34cd56ef"]
    role                 = "publisher"
    deprecate_after      = "10s"
    parameters           = "golden"
    endpoint             = "localhost:5000"
    formats              = ["raw"]
    watermark            = "a!"
    fast_restore {
      zones = ["eu-north-1"]
    }
    launch_template {
      id = "web"
    }
  }
}

distribution "keys" {
  tags = { team = "platform", environment = "dev", compliance = "none" }
  target "aws" "shared" {
    regions  = ["eu-north-1", "eu-west-1"]
    accounts = ["111122223333"]
    encrypt {
      kms_keys = { eu-north-1 = "alias/golden" }
    }
  }
  target "aws" "one" {
    regions = ["eu-north-1", "eu-west-1"]
    encrypt {
      kms_key = "1234abcd-12ab-34cd-56ef-1234567890ab"
    }
    launch_template {
      id     = "lt-0123456789abcdef0"
      region = "eu-central-1"
    }
  }
  target "aws" "elsewhere" {
    regions = ["eu-north-1", "eu-west-1"]
    encrypt {
      kms_key = "arn:aws:kms:eu-north-1:111122223333:alias/golden"
      kms_keys = {
        eu-central-1 = "alias/golden"
        eu-north-1   = "golden"
        eu-west-1    = "arn:aws:kms:eu-north-1:111122223333:alias/golden"
      }
    }
  }
  target "aws" "open" {
    regions = ["eu-north-1"]
    public  = true
    encrypt {
      kms_key = "alias/golden"
    }
    fast_restore {
      zones = ["eu-west-1a"]
    }
  }
  target "aws" "marked" {
    regions   = ["eu-north-1"]
    public    = true
    watermark = "golden"
    fast_restore {
      zones = []
    }
  }
  target "aws" "twice" {
    regions = ["eu-north-1"]
    encrypt = { kms_key = "alias/golden" }
  }
}
