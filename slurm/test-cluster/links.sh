# shellcheck shell=bash
# What networks of several machines suffer from; runs in the room of the namespaces. Sourced by `cluster`.
: "${folder:?}" "${here:?}"

# Both ends of the link, as a limit holds for what is sent: room_rate NODE RATE [SIZE]
room_rate() {
  local node=$1 rate=$2 queue=(latency 50ms)
  [ -z "${3:-}" ] || queue=(limit "$3")
  require_machine "$node"
  limit tc qdisc replace dev "$node"
  limit tc -n "$node" qdisc replace dev eth0
  [ ! -e "$folder/run/fabric" ] || limit tc -n "$node" qdisc replace dev fab0
}

# limit TC_COMMAND …, to `rate` and with the `queue`; what a timer of 250 Hz lets through at once is enough for 400 Mbit/s.
limit() {
  if [ "$rate" = none ]; then
    "$@" root pfifo_fast
  else
    "$@" root tbf rate "$rate" burst 200kb "${queue[@]}" || fail "tc refuses the rate '$rate' or the queue '${queue[1]}'; say such as 20mbit and 64mb"
  fi
}

# Frames between these machines and all others are dropped in the switch.
room_cut() {
  local node others=()
  for node; do
    require_machine "$node"
  done
  for node in $(machines); do
    [[ " $* " == *" $node "* ]] || others+=("$node")
  done
  [ $# -gt 0 ] && [ ${#others[@]} -gt 0 ] || fail "cut needs the names of some nodes, but not of all"
  nft add table bridge cuts
  nft add chain bridge cuts forward '{ type filter hook forward priority 0; }'
  nft add rule bridge cuts forward iifname "{ $(commas "$@") }" oifname "{ $(commas "${others[@]}") }" drop
  nft add rule bridge cuts forward iifname "{ $(commas "${others[@]}") }" oifname "{ $(commas "$@") }" drop
}

room_heal() {
  nft delete table bridge cuts 2>/dev/null || true
}

machines() {
  ls /run/netns
}

commas() {
  local IFS=,
  echo "$*"
}

# A second network, 10.78.0, that goes through a switch in user space: room_fabric DELAY_MS LOSS SEED
room_fabric() {
  [ $# = 3 ] || fail "fabric needs a delay in milliseconds, a loss from 0 to 1, and a seed for the loss"
  local java=${JAVA_HOME:+$JAVA_HOME/bin/}java node number=0 tries
  end fabric KILL
  : >"$folder/log/fabric"
  # shellcheck disable=SC2046
  daemon fabric "$java" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC "$here/FabricSwitch.java" "$@" $(machines | sed 's/^/fab-/')
  for tries in $(seq 300); do
    ! grep -q '^ready' "$folder/log/fabric" || break
    recorded fabric >/dev/null || fail "the switch did not start after $tries looks: $(tail -n 3 "$folder/log/fabric")"
    sleep 0.1
  done
  for node in $(machines); do
    number=$((number + 1))
    ip link set "fab-$node" netns "$node" name fab0 address "$(printf 02:00:00:00:00:%02x "$number")"
    ip -n "$node" addr add "10.78.0.${node#n}/24" dev fab0
    ip -n "$node" link set fab0 up
  done
}
