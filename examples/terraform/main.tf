# The image that the channel `production` of `web` names, as a virtual machine of libvirt.
# Every plan asks anew: promote another image, and the next plan shows a new disk.

data "external" "web" {
  program = [
    "goldsmith", "--json", "resolve", "web@production",
    "--target", "local/lab", "--format", "qcow2",
  ]
}

resource "libvirt_volume" "web" {
  name   = "web-${data.external.web.result.version}-${data.external.web.result.build}.qcow2"
  pool   = "default"
  source = data.external.web.result.location
  format = "qcow2"
}

output "image" {
  value = "${data.external.web.result.image} (sha256 ${data.external.web.result.sha256})"
}
