# What the boot test wants to know of a guest, in one go: sections headed by 0x1e and a
# name. Files are passed on as they are, and as few processes as possible are started.
section() { printf '\036%s\n' "$1"; }
file() {
  [ -r "$2" ] || return 0
  section "$1"
  mapfile -t lines <"$2" && printf '%s\n' "${lines[@]}"
}
section systemd
systemctl show --no-pager -p Version -p UserspaceTimestampMonotonic -p FinishTimestampMonotonic -p SystemState
section multi-user
systemctl show --no-pager -p ActiveState -p ActiveEnterTimestampMonotonic multi-user.target
section failed
systemctl list-units --state=failed --plain --no-legend --no-pager
file meminfo /proc/meminfo
file route /proc/net/route
file fib /proc/net/fib_trie
for protocol in tcp tcp6 udp udp6; do file $protocol /proc/net/$protocol; done
section sockets
ls -l /proc/[0-9]*/fd 2>/dev/null | while read -r line; do
  case $line in
  /proc/*) process=${line#/proc/}; process=${process%/fd:} ;;
  *'socket:['*)
    inode=${line##*socket:[}
    read -r name 2>/dev/null <"/proc/$process/comm" && printf '%s %s\n' "${inode%]}" "$name" ;;
  esac
done
file mountinfo /proc/self/mountinfo
while read -r _ _ device _ mount _; do
  [ "$mount" = / ] || continue
  for name in size start partition ../size; do file "root-$name" "/sys/dev/block/$device/$name"; done
  for start in "/sys/dev/block/$device"/../*/start; do file partition-start "$start"; done
done </proc/self/mountinfo
section root-fs
stat -f -c '%S %b %f' /
file machine-id /etc/machine-id
for key in /etc/ssh/ssh_host_*_key.pub; do file host-key "$key"; done
file cloud-init /run/cloud-init/status.json
file uptime /proc/uptime
section clock
printf '%s\n' "$EPOCHREALTIME"
