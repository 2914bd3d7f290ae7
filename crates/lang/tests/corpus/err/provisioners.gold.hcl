source "debian" "server" {
  suite = "bookworm"
}

recipe "web" {
  version = "1.0.0"
  source  = source.debian.server

  provisioner "shel" {
    inline = ["true"]
  }
  provisioner "shell" {
    inline      = ["true"]
    script      = "a.sh"
    destination = "/x"
  }
  provisioner "shell" {
    environment      = { "a-b" = "1" }
    environment_vars = ["A"]
    valid_exit_codes = [300]
    max_retries      = "often"
  }
  provisioner "file" {
    source = "a"
  }
  provisioner "file" {
    content     = "a"
    destination = "/etc/"
    mode        = "rw"
  }
  provisioner "file" {
    content     = "a"
    destination = "etc/a"
    inline      = ["x"]
  }

  disk {
    size = "2GiB"
  }
}

provisioner "shell" {}
