#!/usr/bin/env bash
# Runs a command as one task of a job, with a GPU of its own: task.sh COMMAND …
# Where Slurm shows a task one GPU that is it, whatever its number; where it shows a task all those of the job on the node, the task takes
# the one with its number among the node's tasks.
set -euo pipefail

IFS=, read -ra gpus <<<"${CUDA_VISIBLE_DEVICES:-}"
if [ ${#gpus[@]} -gt 1 ]; then
  local_rank=${OMPI_COMM_WORLD_LOCAL_RANK:-${SLURM_LOCALID:-0}}
  if [ "$local_rank" -ge ${#gpus[@]} ]; then
    echo "task.sh: this node's task $local_rank has none of its ${#gpus[@]} GPUs; ask for one task a GPU: sbatch --ntasks-per-node" >&2
    exit 2
  fi
  export CUDA_VISIBLE_DEVICES=${gpus[local_rank]}
fi
# srun has an epilog for this, mpirun has none. In a session of its own it is not killed with the task.
if [ -n "${OMPI_COMM_WORLD_RANK:-}" ] && [ -n "${RINGWOOD_ENDED:-}" ]; then
  setsid "${BASH_SOURCE%/*}/ended.sh" $$ </dev/null >/dev/null 2>&1 &
fi
exec "$@"
