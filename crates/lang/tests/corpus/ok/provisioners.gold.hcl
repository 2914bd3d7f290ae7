# Steps without a document, in order with the components.
variable "token" {
  default   = "hunter22"
  sensitive = true
}

source "debian" "server" {
  suite = "bookworm"
}

recipe "web" {
  version = "1.0.0"
  source  = source.debian.server

  provisioner "shell" {
    inline      = ["apt-get clean", "echo ${var.token}"]
    environment = { LEVEL = 3 }
  }
  component "timezone" {}
  provisioner "shell" {
    name             = "harden"
    scripts          = ["a.sh", "b.sh"]
    environment_vars = ["A=1", "B=x=y"]
    execute_as       = "app"
    valid_exit_codes = [0, 3]
    timeout          = "5m"
    max_retries      = 2
  }
  provisioner "file" {
    source      = "conf/"
    destination = "/etc/app"
  }
  provisioner "file" {
    content     = "x"
    destination = "/etc/x"
    mode        = "0640"
    owner       = "app"
    group       = "app"
  }

  disk {
    size = "2GiB"
  }
}
