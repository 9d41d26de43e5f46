#!/usr/bin/env bash
# Slurm with two nodes on this machine (as root; Debian's slurmctld, slurmd, slurm-client, munge): an array of 8 and the job that merges
# give the digest of the serial run.
# SPLITBRAIN is the command, SEEDS those to play, DIGEST what has to come out.
set -euo pipefail
cd "$(dirname "$0")/../.."

scratch=$(mktemp -d)
daemons=()
finish() {
    kill "${daemons[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT
chmod 755 "$scratch"
mkdir -p "$scratch/state" "$scratch/munge"
host=$(hostname -s)

cat >"$scratch/slurm.conf" <<CONF
ClusterName=check
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$scratch/munge/socket
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/%n
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/%n.pid
SlurmctldLogFile=$scratch/slurmctld.log
SlurmdLogFile=$scratch/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerParameters=sched_interval=1,sched_min_interval=100000,batch_sched_delay=0
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=16818 CPUs=1
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=16819 CPUs=1
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$scratch/slurm.conf

dd if=/dev/urandom of="$scratch/munge/key" bs=1024 count=1 status=none
chmod 400 "$scratch/munge/key"
chmod 711 "$scratch/munge"
# As root munged wants to be told that this is meant.
munged --foreground --force --key-file="$scratch/munge/key" --socket="$scratch/munge/socket" --pid-file="$scratch/munge/pid" \
    --log-file="$scratch/munge/log" --seed-file="$scratch/munge/seed" 2>/dev/null &
daemons+=($!)
slurmctld -D >/dev/null 2>&1 &
daemons+=($!)
for node in n1 n2; do
    mkdir "$scratch/$node"
    slurmd -D -N "$node" >/dev/null 2>&1 &
    daemons+=($!)
done
for _ in $(seq 100); do
    test "$(sinfo --noheader --states=idle --format=%D 2>/dev/null)" = 2 && break
    sleep 0.1
done
sinfo --noheader

rows=$scratch/rows
merging=$(ROWS=$rows engines/slurm/submit.sh)
for _ in $(seq 900); do
    case $(squeue --noheader --states=all --jobs="$merging" --format=%T) in
    COMPLETED) break ;;
    FAILED | CANCELLED) cat "$rows"/*.log && exit 1 ;;
    esac
    sleep 0.1
done
grep -q "digest $DIGEST" "$rows/merge.log" || { squeue --states=all; tail -n 20 "$rows"/*.log; exit 1; }
# Both nodes had a part.
test "$(scontrol show job | grep -o 'NodeList=n[12]' | sort -u | wc -l)" -eq 2
echo "slurm: an array of 8 on two nodes gives $DIGEST"
