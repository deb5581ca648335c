# shellcheck shell=bash
# The plain tier: every node is a slurmd of this user on a port of its own. Sourced by `cluster`.
: "${folder:?}"

plain_start() {
  local node port host
  host=$(hostname -s)
  port=$(free_ports $(($1 + 1)))
  for node in $(seq "$1"); do
    node_line "n$node" "NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + node))"
  done | write_config "$host(127.0.0.1)" "$port" "$1"
  start_munged
  start_controller
  for node in $(seq "$1"); do
    daemon "n$node" slurmd -D -N "n$node" -f "$SLURM_CONF"
  done
  await_nodes "$1"
}

plain_is_up() {
  local node
  recorded munged >/dev/null && recorded slurmctld >/dev/null || return 1
  for node in $(seq "$1"); do
    recorded "n$node" >/dev/null || return 1
  done
  ! recorded "n$(($1 + 1))" >/dev/null
}

plain_run() {
  "$@"
}

# Jobs first, which end in order; then the daemons; then what a job left behind or a lost daemon no longer ends.
plain_stop() {
  local name
  if recorded slurmctld >/dev/null; then
    scancel --user="$(id -un)" 2>/dev/null || true
    for _ in $(seq 100); do
      [ -n "$(squeue --noheader 2>/dev/null)" ] || break
      sleep 0.1
    done
  fi
  for name in slurmctld $(cd "$folder/run" && ls -d n* 2>/dev/null) munged; do
    end "$name" || true
  done
  local pids tries
  for tries in $(seq 50); do
    pids=$(marked)
    [ -n "$pids" ] || return 0
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
    sleep 0.1
  done
  echo "cluster: processes ${pids//$'\n'/ } cannot be ended after $tries tries" >&2
  return 1
}

# Processes that this cluster's daemons started, its jobs, and what those did: the mark is in their environment.
marked() {
  grep -lzxF "CLUSTER_MARK=$folder" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | grep -vx $$ || true
}

# The first of so many neighbouring TCP ports that nobody listens on, below those that the kernel gives away.
free_ports() {
  local first port taken
  taken=" $(awk 'FNR > 1 && $4 == "0A" {split($2, a, ":"); print a[2]}' /proc/net/tcp /proc/net/tcp6 2>/dev/null | paste -sd' ') "
  for first in $(seq $((11000 + RANDOM % 5000)) $(($1 + 1)) 32000); do
    for port in $(seq "$first" $((first + $1 - 1))); do
      [[ $taken != *" $(printf %04X "$port") "* ]] || continue 2
    done
    echo "$first"
    return
  done
  fail "no $1 neighbouring ports are free"
}
