# The agent in the guest: bash and coreutils, nothing else. See guest.rs for the protocol.
# usage: agent WAY CONTROL STDOUT STDERR DIRECTORY, ports by path; - when 3 4 5 are open.
[ "$2" = - ] || {
  for i in 1 2 3 4 5 6 7 8 9 10; do
    [ -e "$2" ] && [ -e "$3" ] && [ -e "$4" ] && break
    sleep 0.2
  done
  exec 3<>"$2" 4>"$3" 5>"$4" || exit 1
}
dir=$5
mkdir -p "$dir" && cd "$dir" || exit 1
umask 077
printf 'hello 1 %s\n' "$1" >&3
while read -r -u 3 verb id limit script input mark; do
  [ "$verb" = run ] || continue
  head -c "$script" <&3 >script
  head -c "$input" <&3 >input
  # New ones each time: a daemon of an earlier script may hold the old ones.
  rm -f o e; mkfifo o e
  cat <o >&4 3>&- 5>&- & out=$!
  cat <e >&5 3>&- 4>&- & err=$!
  (umask 022; cd / && exec timeout -k 5 "$limit" bash "$dir/script") <input >o 2>e 3>&- 4>&- 5>&-
  code=$?
  # Nor is such a daemon waited for, for long.
  (sleep 2; kill $out $err) >/dev/null 2>&1 3>&- 4>&- 5>&- & late=$!
  wait $out $err
  kill $late 2>/dev/null
  printf '\036%s\036' "$mark" >&4
  printf '\036%s\036' "$mark" >&5
  printf 'exit %s %s\n' "$id" "$code" >&3
done
