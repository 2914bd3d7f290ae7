#!/usr/bin/env bash
# The peers of `cargo xtask bench scan`, on the tree of a disk.
# usage: scan.sh install|tree|lynis|oscap|debsecan|detect-secrets WORK [DISK]
set -euo pipefail
what=$1 work=$2 tree=$2/tree
case $what in
install)
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        lynis openscap-scanner debsecan python3-venv > /dev/null
    [ -x "$work/venv/bin/pip" ] || python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q --disable-pip-version-check detect-secrets==1.5.0
    ;;
tree)
    # The root is the largest partition. A copy, so that every peer reads files as it is used to.
    rm -rf "$tree"; mkdir -p "$tree" "$work/mnt"
    start=$(sfdisk --json "$3" | jq '.partitiontable.partitions | max_by(.size) | .start')
    mount -o "ro,noload,loop,offset=$((start * 512))" "$3" "$work/mnt"
    trap 'umount "$work/mnt"' EXIT
    cp -a "$work/mnt/." "$tree"
    ;;
lynis)
    cd /usr/share/lynis
    lynis audit system --rootdir "$tree/" --quick --no-log --no-colors --report-file "$work/lynis.dat"
    ;;
oscap)
    # It ends with 2 when a rule is not met.
    OSCAP_PROBE_ROOT=$tree oscap xccdf eval --profile standard --results "$work/results.xml" \
        "$work/ssg-debian12-ds.xml" || [ $? = 2 ]
    ;;
debsecan)
    # Its data are at Debian, and nowhere else.
    debsecan --suite bookworm --status "$tree/var/lib/dpkg/status"
    ;;
detect-secrets)
    cd "$tree"
    "$work/venv/bin/detect-secrets" scan --all-files .
    ;;
esac
