# An image that is made on an instance of AWS, of Debian's own, and copied to two regions.
# docs/aws.md says what happens, what it needs and what is left if it is broken off: nothing.

infrastructure "aws" "lab" {
  region = "eu-north-1"
  types  = ["t3.small", "t3a.small"] # the next one where there is no capacity
  user   = "admin"                   # who Debian's images let in

  volume {
    size = "10GiB"
    type = "gp3"
  }
  tags = { team = "platform" }
}

source "aws-ami" "debian" {
  owners = ["136693071363"] # Debian's
  name   = "debian-12-amd64-*"
}

recipe "web" {
  version        = "1.0.x"
  purpose        = "web"
  source         = source.aws-ami.debian
  infrastructure = infrastructure.aws.lab

  component "./nginx.yaml" {
    parameters = { Greeting = "Hello from EC2" }
  }
}

pipeline "web" {
  recipe = recipe.web

  scan {
    fail_on = "critical"
  }
  distribution = distribution.regions
}

distribution "regions" {
  tags = { team = "platform", environment = "production", compliance = "none" }

  target "aws" "eu" {
    regions    = ["eu-north-1", "eu-west-1"]
    parameters = "/golden"
  }
}
