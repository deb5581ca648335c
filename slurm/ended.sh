#!/usr/bin/env bash
# Notes that a task of a job has ended: ended.sh [PID]. Slurm runs it after each task; told of a process, it first waits for its end.
set -euo pipefail

[ $# = 0 ] || tail --pid="$1" -f /dev/null
: >"$RINGWOOD_ENDED"
