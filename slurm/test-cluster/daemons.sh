# shellcheck shell=bash
# Processes of a cluster: started, recorded and ended. Sourced by `cluster`.
: "${folder:?}"

# The time at which a process began, in ticks since boot: with the id it names a process for good.
began() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The name of the program, in parentheses, may contain blanks.
  set -- ${stat##*) }
  [ "$1" != Z ] && echo "${20}"
}

# Notes a process under a name: record NAME PID
record() {
  echo "$2 $(began "$2")" >"$folder/run/$1"
}

# Prints the id of a recorded process that still runs.
recorded() {
  local pid start
  [ -e "$folder/run/$1" ] && read -r pid start <"$folder/run/$1" || return 1
  [ "$(began "$pid")" = "$start" ] && echo "$pid"
}

# Ends a recorded process: end NAME [SIGNAL]; with any but KILL it has five seconds to do so itself.
end() {
  local pid tries
  pid=$(recorded "$1") || return 0
  kill "-${2:-TERM}" "$pid" 2>/dev/null || true
  for tries in $(seq 100); do
    began "$pid" >/dev/null || return 0
    [ "$tries" != 50 ] || kill -KILL "$pid" 2>/dev/null || true
    sleep 0.1
  done
  echo "cluster: process $pid ($1) cannot be ended" >&2
  return 1
}

# Starts a daemon that stays in the foreground of its own session: daemon NAME COMMAND …
daemon() {
  local name=$1
  shift
  recorded "$name" >/dev/null && return
  CLUSTER_MARK=$folder setsid "$@" >>"$folder/log/$name" 2>&1 </dev/null &
  record "$name" $!
}

start_munged() {
  daemon munged munged --foreground --force --num-threads=2 --key-file="$folder/munge.key" --socket="$folder/munge/socket" \
    --pid-file="$folder/run/munged.own" --log-file="$folder/log/munged.log" --seed-file="$folder/munge.seed"
  local tries
  for tries in $(seq 100); do
    [ -S "$folder/munge/socket" ] && return
    sleep 0.05
  done
  echo "munged does not listen after $tries looks" >&2
  return 1
}

start_controller() {
  daemon slurmctld slurmctld -D -i -f "$SLURM_CONF"
}
