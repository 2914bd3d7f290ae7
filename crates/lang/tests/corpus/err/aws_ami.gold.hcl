variable "password" {
  default   = "hunter2-hunter2"
  sensitive = true
}

source "aws-ami" "none" {}

source "aws-ami" "several" {
  id        = "ami-0123456789abcdef0"
  parameter = "/golden/base"
  owners    = ["self"]
}

source "aws-ami" "anybody" {
  name = "debian-12-amd64-*"
}

source "aws-ami" "nobody" {
  owners = []
  name   = "debian-12-amd64-*"
}

source "aws-ami" "anything" {
  owners = ["136693071363"]
}

source "aws-ami" "id" {
  id      = "debian-12"
  filters = { name = "base" }
}

source "aws-ami" "parameter" {
  parameter = "golden/base"
  name      = "base"
}

source "aws-ami" "words" {
  owners = ["debian", "self", "self"]
  name   = "base"
  filters = {
    name         = ["base"]
    architecture = ["x86_64"]
    nmae         = ["base"]
    state        = "available"
    description  = []
    image-type   = { a = "b" }
  }
  arch = "x86_64"
}

source "aws-ami" "filters" {
  owners = ["self"]
  name   = "base"
  filters = {
    name         = ["base"]
    architecture = ["x86_64"]
    nmae         = ["base"]
    state        = "available"
    description  = []
    platform     = [""]
  }
  most_recent = true
}

infrastructure "aws" "nothing" {}

infrastructure "gcp" "builders" {}

infrastructure "aws" "words" {
  region     = "Stockholm"
  role       = "builder"
  endpoint   = "localhost:5000"
  types      = ["large", "m7i.large", "m7i.large"]
  subnet     = "vpc-0123456789abcdef0"
  reach      = "ssm"
  private    = true
  allow_from = "203.0.113.0/24"
  profile    = "arn:aws:iam::111122223333:instance-profile/builder"
  user       = "Admin"
  user_data  = "password: ${var.password}"
  tags       = { password = var.password, "aws:team" = "a", "goldsmith:image" = "b", "" = "c" }
  disk       = "8GiB"
}

infrastructure "aws" "ssm" {
  region     = "eu-north-1"
  types      = []
  user       = "admin"
  reach      = "ssm"
  private    = false
  allow_from = "203.0.113.7"
}

infrastructure "aws" "nowhere" {
  region         = "eu-north-1"
  types          = ["m7i.large"]
  user           = "admin"
  public_address = false
  allow_from     = "0.0.0.0"
  user_data      = join("", [for n in range(1025) : "0123456789abcdef"])
}

infrastructure "aws" "volumes" {
  region = "eu-north-1"
  types  = ["m7i.large"]
  user   = "admin"
  volume {
    size = "20GB"
    type = "ssd"
  }
  volume {
    device = "sdf"
    size   = "2TiB"
    type   = "standard"
  }
  volume {
    device = "/dev/sdg"
    iops   = 3000
  }
  volume {
    device     = "/dev/sdg"
    type       = "gp2"
    throughput = 250
  }
  volume {
    device = "/dev/sdh"
    type   = "io2"
  }
  volume {
    type = "st1"
  }
  volume {
    encrypted = false
    kms_key   = "alias/golden"
  }
  volume {
    device  = "/dev/sdi"
    kms_key = "arn:aws:kms:eu-west-1:111122223333:alias/golden"
  }
  volume {
    device  = "/dev/sdj"
    kms_key = "golden"
  }
  volume {
    device = "/dev/sdk"
  }
  volume {
    device = "/dev/sdk"
  }
  volume {}
  volume {}
}

infrastructure "aws" "arm" {
  region = "eu-north-1"
  types  = ["m7i.large", "m7g.large"]
  user   = "admin"
}

source "aws-ami" "good" {
  id = "ami-0123456789abcdef0"
}

source "debian" "server" {
  suite = "bookworm"
}

disk "small" {
  size = "2GiB"
}

recipe "no-place" {
  version = "1.0.0"
  source  = source.aws-ami.good
}

recipe "no-such-place" {
  version        = "1.0.0"
  source         = source.aws-ami.good
  infrastructure = infrastructure.aws.bilders
}

recipe "wrong-place" {
  version        = "1.0.0"
  source         = source.aws-ami.good
  infrastructure = source.aws-ami.good
}

recipe "here" {
  version        = "1.0.0"
  source         = source.debian.server
  infrastructure = infrastructure.aws.arm
  disk           = disk.small
}

recipe "parts" {
  version        = "1.0.0"
  source         = source.aws-ami.good
  infrastructure = infrastructure.aws.arm
  disk {
    size        = "8GiB"
    boot        = ["uefi"]
    kernel_args = ["quiet"]
  }
  provisioner "shell" {
    inline = ["true"]
  }
  component "./a.yaml" {}
  provisioner "file" {
    content     = "a"
    destination = "/a"
  }
}

recipe "disk" {
  version        = "1.0.0"
  source         = source.aws-ami.good
  infrastructure = infrastructure.aws.arm
  disk           = disk.small
}

recipe "arch" {
  version        = "1.0.0"
  source         = source.aws-ami.good
  infrastructure = infrastructure.aws.arm
}
