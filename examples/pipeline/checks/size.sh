#!/bin/sh
# Whether the disk of the image that was built takes no more than so many bytes.
# Outputs: `bytes`, what it takes.
set -eu
bytes=$(($(stat -c %b "$GOLDSMITH_DISK") * 512))
echo "::output bytes=$bytes"
[ "$bytes" -le "$1" ]
