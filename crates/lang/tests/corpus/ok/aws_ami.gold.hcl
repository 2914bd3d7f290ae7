variable "team" {
  default = "platform"
}

source "aws-ami" "debian" {
  owners  = ["136693071363"]
  name    = "debian-12-${local.arch}-*"
  filters = { root-device-type = "ebs", "tag:stage" = ["released", "frozen"] }
}

source "aws-ami" "pinned" {
  id   = "ami-0123456789abcdef0"
  arch = "arm64"
}

source "aws-ami" "named" {
  parameter = "/aws/service/debian/release/12/latest/amd64"
}

source "aws-ami" "filtered" {
  owners  = ["self", "amazon"]
  filters = { name = ["al2023-ami-2023.*-x86_64"] }
}

locals {
  arch = "amd64"
}

infrastructure "aws" "builders" {
  region         = "eu-north-1"
  role           = "arn:aws:iam::777788889999:role/images/builder"
  endpoint       = "http://127.0.0.1:5000"
  types          = ["m7i.large", "m6i.large"]
  subnet         = "subnet-0123456789abcdef0"
  public_address = true
  allow_from     = "203.0.113.7"
  profile        = "builder"
  spot           = true
  user_data      = "#cloud-config\npackage_update: false\n"
  user           = "admin"
  tags           = { team = var.team, empty = "" }
  volume {
    size       = "20GiB"
    type       = "gp3"
    iops       = 3000
    throughput = 250
    encrypted  = true
  }
  volume {
    device  = "/dev/sdf"
    size    = "125GiB"
    type    = "st1"
    kms_key = "arn:aws:kms:eu-north-1:111122223333:alias/golden"
  }
}

infrastructure "aws" "least" {
  region = "us-gov-west-1"
  types  = ["t4g.small"]
  user   = "ec2-user"
}

infrastructure "aws" "inside" {
  region         = "eu-north-1"
  types          = ["t3.small"]
  user           = "admin"
  subnet         = "subnet-01234567"
  public_address = false
  private        = true
}

infrastructure "aws" "closed" {
  region         = "eu-north-1"
  types          = ["t3.small"]
  user           = "ubuntu"
  reach          = "ssm"
  public_address = false
  profile        = "ssm"
}

recipe "web" {
  version        = "1.4.x"
  source         = source.aws-ami.debian
  infrastructure = infrastructure.aws.builders
  component "./components/nginx.yaml" {}
}

recipe "arm" {
  version        = "1.0.x"
  source         = source.aws-ami.pinned
  infrastructure = infrastructure.aws.least
}

recipe "inside" {
  version        = "1.0.x"
  source         = source.aws-ami.named
  infrastructure = infrastructure.aws.inside
}

recipe "closed" {
  version        = "1.0.x"
  source         = source.aws-ami.filtered
  infrastructure = infrastructure.aws.closed
}
