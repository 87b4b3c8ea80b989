#!/bin/bash
#SBATCH --job-name=@NAME@
#SBATCH --ntasks=@TASKS@
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=@MEMORY@M
#SBATCH --time=@TIME@
#SBATCH --signal=B:TERM@90
#SBATCH --output=%x-%j.log
#
# Written by `grainpaint plan`. One task is the command and the scheduler, the others
# are workers. 90 s before the time limit the command saves and leaves; submit the
# script again to go on. Options of sbatch go before those above, such as
# `sbatch --ntasks=64 --time=12:00:00 job.sh`.

set -u
command -v srun > /dev/null ||
    { echo "$0: no srun here: give this script to sbatch on a cluster" >&2; exit 1; }
cd -- @FOLDER@ || exit
python=@PYTHON@
n_workers=$((${SLURM_NTASKS:-2} > 1 ? ${SLURM_NTASKS:-2} - 1 : 1))
cpus=${SLURM_CPUS_PER_TASK:-1}
memory=${SLURM_MEM_PER_CPU:+$((SLURM_MEM_PER_CPU * cpus))MiB}
export OMP_NUM_THREADS=$cpus NUMBA_NUM_THREADS=$cpus

# The scheduler, the workers and the command meet in a folder on the shared disk. Its
# certificates are those of this job: without them, whoever reaches the ports could
# run programs in your name. What is there is of this job before it was requeued.
umask_before=$(umask)
umask 077
meet=$PWD/.grainpaint-${SLURM_JOB_ID:-$$}
rm -rf "$meet"
mkdir "$meet" || exit
command='' scheduler='' workers='' stop=''
# shellcheck disable=SC2317,SC2329
leave() {
    trap '' TERM
    kill ${workers:+"$workers"} ${scheduler:+"$scheduler"} 2> /dev/null
    wait
    rm -rf "$meet"
}
trap leave EXIT
# SLURM tells this shell alone, which tells the command.
trap 'stop=yes; [ -z "$command" ] || kill -TERM "$command" 2> /dev/null' TERM

openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=grainpaint \
    -keyout "$meet/key.pem" -out "$meet/certificate.pem" 2> "$meet/openssl.log" ||
    { cat "$meet/openssl.log" >&2; exit 1; }
umask "$umask_before"
tls=DASK_DISTRIBUTED__COMM__TLS
export "${tls}__CA_FILE=$meet/certificate.pem"
for role in SCHEDULER WORKER CLIENT; do
    export "${tls}__${role}__CERT=$meet/certificate.pem"
    export "${tls}__${role}__KEY=$meet/key.pem"
done

"$python" -m dask scheduler --protocol tls --port 0 --no-dashboard \
    --dashboard-address 127.0.0.1:0 \
    --scheduler-file "$meet/scheduler.json" &
scheduler=$!
until [ -s "$meet/scheduler.json" ]; do
    kill -0 "$scheduler" || exit 1
    [ -z "$stop" ] || exit 143
    sleep 0.5
done
# A worker that dies must not end the others, and all need the certificates.
srun --ntasks="$n_workers" --cpus-per-task="$cpus" --export=ALL \
    --kill-on-bad-exit=0 --wait=0 \
    "$python" -m dask worker --scheduler-file "$meet/scheduler.json" --nthreads 1 \
    --memory-limit "${memory:-auto}" --no-dashboard \
    --local-directory "${TMPDIR:-/tmp}" < /dev/null &
workers=$!

"$python" -m grainpaint @WORDS@ \
    --scheduler-file "$meet/scheduler.json" &
command=$!
[ -z "$stop" ] || kill -TERM "$command" 2> /dev/null
wait "$command"
status=$?
while kill -0 "$command" 2> /dev/null; do # a signal ended the wait, not the command
    wait "$command"
    status=$?
done
exit "$status"
