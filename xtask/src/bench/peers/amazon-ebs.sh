#!/usr/bin/env bash
# Packer's amazon-ebs on an instance of a server that speaks like AWS, with one shell provisioner, in its
# tree (see enter.sh). usage: amazon-ebs.sh URL IMAGE, in a directory of its own
set -euo pipefail
url=$1 image=$2
cat > ebs.json <<X
{ "builders": [{
    "type": "amazon-ebs", "region": "us-east-1", "access_key": "bench", "secret_key": "bench",
    "custom_endpoint_ec2": "$url", "skip_region_validation": true, "skip_metadata_api_check": true,
    "skip_credential_validation": true,
    "vpc_id": "vpc-0default", "subnet_id": "subnet-0a",
    "source_ami": "$image", "instance_type": "m7i.large", "ami_name": "packer-$(date +%s)",
    "ssh_username": "root", "ssh_interface": "private_ip", "ssh_timeout": "2m" }],
  "provisioners": [{ "type": "shell", "inline": ["echo hello > /etc/motd"] }] }
X
export CHECKPOINT_DISABLE=1 AWS_POLL_DELAY_SECONDS=1
exec packer build -color=false ebs.json
