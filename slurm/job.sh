# shellcheck shell=bash
# A batch job of Ringwood's: its place, its ranks, and what happens if they end too early. Sourced by the batch scripts after env.sh; they set
#   home            Ringwood's folder
#   restarts        how often the job may run again by itself, unless the site says so
#   resumes         yes if a start goes on where the last one ended, so that it is worth one when the job's time is over
: "${home:?}" "${restarts:?}" "${resumes:?}" "${SLURM_JOB_ID:?}" "${RINGWOOD_RUNS:?}"

# What Slurm calls this job. The plain number of one of an array may be that of the whole array.
job=$SLURM_JOB_ID
[ -z "${SLURM_ARRAY_JOB_ID:-}" ] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID

say() {
  echo "$SLURM_JOB_NAME $SLURM_JOB_ID: $1" >&2
}

refuse() {
  say "$1"
  exit 2
}

# Prints a field of what Slurm knows of this job.
job_field() {
  scontrol show job "$job" | sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" | head -n 1
}

# Everything that ranks learn from the environment.
prepare_ranks() {
  [ -z "${SLURM_HET_SIZE:-}" ] || refuse "it has several components, and ranks would see one of them: ask for one kind of nodes"
  restarts=${RINGWOOD_RESTARTS:-$restarts}
  RINGWOOD_RUN=$RINGWOOD_RUNS/$SLURM_JOB_ID
  mkdir -p "$RINGWOOD_RUN" || refuse "no folder can be made in '$RINGWOOD_RUNS'; set RINGWOOD_RUNS to one that can be written to"

  # Other jobs don't know the token. Rank 0 is on the first node, whose name need not be one that the network knows: Slurm knows its
  # address. The port is one that no other job of these nodes is likely to have.
  RINGWOOD_TOKEN=$(head -c 32 /dev/urandom | base64)
  local first
  first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
  : "${MASTER_ADDR:=$(scontrol show node "$first" | sed -n 's/.*NodeAddr=\([^ ]*\).*/\1/p')}"
  : "${MASTER_PORT:=$((16384 + SLURM_JOB_ID % 16384))}"

  # The run ends itself, with word of where it stood, before Slurm kills it. Slurm before 23.02 does not say when that is.
  local end
  end=$(job_field EndTime)
  : "${SLURM_JOB_END_TIME:=$(date -d "$end" +%s 2>/dev/null || true)}"

  # Since Slurm 22.05 srun does not ask for what sbatch was given.
  [ -z "${SLURM_CPUS_PER_TASK:-}" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
  # What an earlier start left behind on a node that comes back must not concern this one.
  RINGWOOD_ENDED=$RINGWOOD_RUN/ended-${SLURM_RESTART_COUNT:-0}
  export RINGWOOD_RUN RINGWOOD_ENDED RINGWOOD_TOKEN MASTER_ADDR MASTER_PORT SLURM_JOB_END_TIME
  [ "$RINGWOOD_LAUNCH" = auto ] || prepare_launcher
}

# Takes pmix for MPI, unless the site says what to take: choose_launcher TRANSPORTS, as Ringwood names them for what is to run
choose_launcher() {
  [ "$RINGWOOD_LAUNCH" = auto ] || return 0
  case $1 in
    *mpi*) RINGWOOD_LAUNCH=pmix ;;
    *) RINGWOOD_LAUNCH=none ;;
  esac
  prepare_launcher
}

# The transports of what is to run, in what Ringwood says before it starts that: transports TEXT
transports() {
  sed -n 's/^transport: //p' <<<"$1"
}

# Ranks notice themselves when one of them is lost, agree on who was the first, say so and end with its exit code within seconds. srun -K1
# would kill them before they have: they would only tell of its signal. So it may not (-K0), and --wait bounds how long a rank that cannot
# end itself, such as one that hangs in MPI, outlives the first that ended. mpirun leaves them one second, unless it is told of more.
prepare_launcher() {
  local tasks_step=(srun --export=ALL --kill-on-bad-exit=0 --wait=10 --task-epilog="$home/slurm/ended.sh")
  case $RINGWOOD_LAUNCH in
    none)
      require srun
      launcher=("${tasks_step[@]}" --mpi=none)
      ;;
    pmix)
      require srun
      local kinds
      kinds=$(srun --mpi=list 2>&1 || true)
      grep -qw pmix <<<"$kinds" ||
        refuse "RINGWOOD_LAUNCH=pmix, but this srun has no pmix (srun --mpi=list); set it to mpirun in slurm/env.sh"
      launcher=("${tasks_step[@]}" --mpi=pmix)
      ;;
    mpirun)
      require mpirun
      # Ranks share a node's cores out themselves, and would take a core each for all that there is.
      launcher=(mpirun -n "$SLURM_NTASKS" --bind-to none --mca odls_base_sigkill_timeout 10)
      local name
      for name in $(compgen -e | grep -E '^(RINGWOOD|MASTER|UCX|JAVA)_|^(PATH|LD_LIBRARY_PATH|MPI_HOME|SLURM_JOB_END_TIME)$'); do
        launcher+=(-x "$name")
      done
      ;;
    *) refuse "RINGWOOD_LAUNCH=$RINGWOOD_LAUNCH is none of auto, none, pmix and mpirun" ;;
  esac
}

require() {
  command -v "$1" >/dev/null ||
    refuse "no $1 on the PATH, which RINGWOOD_LAUNCH=$RINGWOOD_LAUNCH needs; load its module in slurm/env.sh, or choose another there"
}

# Runs Ringwood's command as all ranks of the job and returns its exit code: run_ranks ARGUMENT …
run_ranks() {
  local status watch
  rm -f "$RINGWOOD_ENDED"
  "${launcher[@]}" "$home/slurm/task.sh" "$home/ringwood" "$@" &
  ranks=$!
  end_stuck_launcher "$ranks" &
  watch=$!
  while :; do
    interrupted=
    wait "$ranks" && status=0 || status=$?
    # A trap ends the wait, and not the ranks.
    [ -n "$interrupted" ] || break
  done
  ranks=
  kill "$watch" 2>/dev/null || true
  ! wait "$watch" || status=4
  [ -z "$over" ] || status=5
  # A job that loses a node is not to blame. Slurm itself may take minutes to see that.
  case $status in
    0 | 2 | 3 | 5 | 143) ;;
    *) ! may_run_again || all_nodes_answer || run_again "a node does not answer" || true ;;
  esac
  return "$status"
}

# What runs on a node that srun or mpirun cannot reach is never over for them, whatever srun's --wait says. Ends it some time after that, with success; is
# itself ended when the launcher ends in time: end_stuck_launcher PID
end_stuck_launcher() {
  local looks=0
  trap 'kill $!; exit 143' TERM
  while [ "$looks" -lt 8 ]; do
    sleep 3 &
    wait $!
    # The first task to end has left this.
    [ ! -e "$RINGWOOD_ENDED" ] || looks=$((looks + 1))
  done
  trap '' TERM
  say "tasks ended $((looks * 3)) s ago, and ${launcher[0]} has not: it cannot reach all nodes, and is ended"
  kill -KILL "$1" || true
}

# Slurm sends USR1 to this script alone when its time is nearly over; TERM is for all, and handed on.
ranks=
over=
trap 'interrupted=yes; time_is_over' USR1
trap 'interrupted=yes; end_ranks 143' TERM

time_is_over() {
  { [ "$resumes" = yes ] && run_again "its time is nearly over"; } || {
    over=yes
    say "its time is nearly over, and it ends; give it more: sbatch --time"
    end_ranks 5
  }
}

# They end in order when they are told to; a signal to srun would have them killed. Ends the script if there are none: end_ranks CODE
end_ranks() {
  [ -n "$ranks" ] || exit "$1"
  case ${launcher[0]} in
    srun) scancel --signal=TERM "$job" ;;
    *) kill -TERM "$ranks" ;;
  esac
}

all_nodes_answer() {
  timeout --kill-after=5 20 srun --overlap --mpi=none --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 true 2>/dev/null
}

may_run_again() {
  [ "${SLURM_RESTART_COUNT:-0}" -lt "$restarts" ]
}

# Puts the job back into the queue and ends it, this script included. Fails if that is not to be: run_again REASON
run_again() {
  may_run_again && scontrol requeue "$job" || return 1
  say "$1: it is queued to run again, restart $((${SLURM_RESTART_COUNT:-0} + 1)) of $restarts"
  # Slurm has begun to end the tasks.
  trap '' TERM
  [ -z "$ranks" ] || wait "$ranks" || true
  exit 0
}
