# shellcheck shell=bash
# The folder of a cluster and Slurm's configuration in it. Sourced by `cluster`.
: "${folder:?}"

gpus_a_node=4

prepare_folder() {
  local gpu
  mkdir -p "$folder"/{log,run,state,spool,munge,gpu}
  chmod 755 "$folder" "$folder/munge"
  (umask 077 && head -c 128 /dev/urandom >"$folder/munge.key")
  # Slurm wants devices, but only counts them and hands their numbers on.
  for gpu in $(seq 0 $((gpus_a_node - 1))); do
    ln -s /dev/null "$folder/gpu/fake$gpu"
  done
}

# Times are short, so that tests see what takes minutes elsewhere: a node is down after 10 s of silence, and a job that is put back in the
# queue starts again once its old credential has expired.
#   write_config CONTROLLER(ADDRESS) CONTROLLER_PORT NODES, and the nodes' lines on the standard input
write_config() {
  cat >"$SLURM_CONF" <<END
ClusterName=ringwood-test
SlurmctldHost=$1
SlurmctldPort=$2
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/munge/socket,cred_expire=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/run/slurmctld.own
SlurmdPidFile=$folder/run/slurmd.%n.own
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TmpFS=$folder/tmp/%n
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=1,sched_min_interval=100000,batch_sched_delay=0,sched_interval=2
PropagateResourceLimits=NONE
ReturnToService=2
JobRequeue=1
KillWait=5
MessageTimeout=15
SlurmctldTimeout=30
SlurmdTimeout=10
UnkillableStepTimeout=20
InactiveLimit=0
MinJobAge=3600
GresTypes=gpu
END
  cat >>"$SLURM_CONF"
  echo "PartitionName=main Nodes=n[1-$3] Default=YES MaxTime=60 DefaultTime=10 State=UP" >>"$SLURM_CONF"
  cat >"$folder/gres.conf" <<END
AutoDetect=off
NodeName=n[1-$3] Name=gpu Type=fake File=$folder/gpu/fake[0-$((gpus_a_node - 1))]
END
  local node
  for node in $(seq "$3"); do
    mkdir -p "$folder/spool/n$node" "$folder/tmp/n$node"
  done
}

# A node's line: node_line NAME FURTHER_SETTINGS. More cores than the machine has let several tasks of several jobs share it.
node_line() {
  echo "NodeName=$1 $2 CPUs=8 Sockets=1 CoresPerSocket=8 ThreadsPerCore=1 RealMemory=4000 Gres=gpu:fake:$gpus_a_node State=UNKNOWN"
}
