# shellcheck shell=bash
# The tiers of namespaces: one room that holds everything, and in it a machine for each node. Where there is a configuration of Slurm, its
# daemons run in the room and on the machines. Sourced by `cluster`.
#
# The room has its own processes, mounts, host name (ctl) and network (a bridge, which is the nodes' switch). Its first process is all
# that the machine outside sees and ends: the kernel then ends every process in it, and with them networks, links and mounts.
: "${folder:?}" "${here:?}" "${SLURM_CONF:?}"

network=10.77.0
controller=$network.254

namespaces_start() {
  local node
  for node in $(seq "$1"); do
    node_line "n$node" "NodeAddr=$network.$node"
  done | write_config "ctl($controller)" 17000 "$1"
  echo "SlurmdPort=17001" >>"$SLURM_CONF"
  machines_start "$1" && await_nodes "$1"
}

machines_start() {
  [ "$(id -u)" = 0 ] || fail "only root may make namespaces; take the plain tier" 75
  unshare --pid --mount --net --uts --fork true 2>/dev/null || fail "this kernel or container permits no namespaces; take the plain tier" 75
  daemon room unshare --pid --mount --net --uts --fork --kill-child --mount-proc --propagation private "$here/cluster" --room main "$1"
  local tries
  for tries in $(seq 100); do
    [ ! -e "$folder/run/ready" ] || return 0
    recorded room >/dev/null || break
    sleep 0.1
  done
  echo "the room of namespaces was not ready after $tries looks" >&2
  return 1
}

namespaces_is_up() {
  machines_is_up "$1"
}

machines_is_up() {
  local node
  recorded room >/dev/null || return 1
  for node in $(seq "$1"); do
    [ -n "$(in_room is-up "n$node")" ] || return 1
  done
  [ ! -e "$folder/run/n$(($1 + 1))" ]
}

namespaces_run() {
  machines_run "$@"
}

machines_run() {
  local room
  room=$(recorded room) || fail "the cluster in $folder does not run any more; start it again"
  enter "$room" "$@"
}

namespaces_stop() {
  machines_stop
}

machines_stop() {
  end room KILL
}

# Runs a command in the namespaces that an unshare has made: enter PID COMMAND …
enter() {
  local ns=/proc/$1/ns
  shift
  nsenter --pid="$ns/pid_for_children" --mount="$ns/mnt" --net="$ns/net" --uts="$ns/uts" --wdns="$PWD" "$@"
}

# ---- what follows runs in the room ----

# The room's first process: room_main NODES
room_main() {
  local node
  hostname ctl
  # What is mounted and noted here is gone with the room.
  mount -t tmpfs tmpfs /run
  write_hosts "$1" >/run/hosts
  mount --bind /run/hosts /etc/hosts
  ip link set lo up
  ip link add br0 type bridge
  ip addr add "$controller/24" dev br0
  ip link set br0 up
  plain_congestion_control
  if [ -e "$SLURM_CONF" ]; then
    start_munged
    start_controller
  fi
  for node in $(seq "$1"); do
    add_machine "n$node" "$node"
    room_boot "n$node"
  done
  : >"$folder/run/ready"
  # Waiting, the shell also collects what processes of the room leave behind.
  while :; do
    sleep infinity &
    wait $!
  done
}

write_hosts() {
  local node
  echo "127.0.0.1 localhost"
  echo "$controller ctl"
  for node in $(seq "$1"); do
    echo "$network.$node n$node"
  done
}

# Others hardly react to loss, and would hide what a lossy link does.
plain_congestion_control() {
  sysctl -qw net.ipv4.tcp_congestion_control=reno
}

# A network of its own that is linked to the switch, which a machine keeps when it is down: add_machine NAME NUMBER
add_machine() {
  ip netns add "$1"
  ip link add "$1" type veth peer name eth0 netns "$1"
  ip link set "$1" master br0
  ip -n "$1" link set lo up
  ip -n "$1" addr add "$network.$2/24" dev eth0
  ip -n "$1" link set eth0 up
  nsenter --net="/run/netns/$1" "$here/cluster" --room congestion
}

room_congestion() {
  plain_congestion_control
}

room_boot() {
  local node
  for node; do
    require_machine "$node"
    ip link set "$node" up
    daemon "$node" nsenter --net="/run/netns/$node" unshare --pid --mount --uts --fork --kill-child --mount-proc --propagation private \
      "$here/cluster" --room machine "$node"
  done
}

# The link goes first: a power cut closes no connections.
room_crash() {
  local node
  for node; do
    require_machine "$node"
    ip link set "$node" down
    end "$node" KILL
  done
}

room_on() {
  local node=$1 machine
  require_machine "$node"
  shift
  machine=$(recorded "$node") || fail "$node is down; 'cluster boot $node' starts it"
  enter "$machine" "$@"
}

room_is-up() {
  recorded "$1" || true
}

# A machine's first process: room_machine NAME
room_machine() {
  hostname "$1"
  mount -t tmpfs tmpfs /dev/shm
  # Java keeps its processes apart by ids here, which the machines count alike.
  mkdir -p "/tmp/hsperfdata_$(id -un)"
  mount -t tmpfs -o mode=700 tmpfs "/tmp/hsperfdata_$(id -un)"
  # -b: this is a boot, and tells the controller that earlier jobs are lost.
  [ ! -e "$SLURM_CONF" ] || slurmd -D -b -N "$1" -f "$SLURM_CONF" &
  while :; do
    sleep infinity &
    wait $!
  done
}

require_machine() {
  [ -e "/run/netns/$1" ] || fail "there is no node '$1'"
}
