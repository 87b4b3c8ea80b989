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
# run programs in your name.
umask_before=$(umask)
umask 077
meet=$PWD/.grainpaint-${SLURM_JOB_ID:-$$}
mkdir -p "$meet" || exit
command='' scheduler='' workers=''
# shellcheck disable=SC2329
leave() {
    trap '' TERM
    kill ${workers:+"$workers"} ${scheduler:+"$scheduler"} 2> /dev/null
    wait
    rm -rf "$meet"
}
trap leave EXIT
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

# SLURM tells this shell alone, which tells the command.
trap '[ -z "$command" ] || kill -TERM "$command" 2> /dev/null' TERM

"$python" -m dask scheduler --protocol tls --port 0 --no-dashboard \
    --dashboard-address 127.0.0.1:0 \
    --scheduler-file "$meet/scheduler.json" &
scheduler=$!
until [ -s "$meet/scheduler.json" ]; do
    kill -0 "$scheduler" || exit 1
    sleep 0.5
done
srun --ntasks="$n_workers" --cpus-per-task="$cpus" \
    "$python" -m dask worker --scheduler-file "$meet/scheduler.json" --nthreads 1 \
    --memory-limit "${memory:-auto}" --no-dashboard \
    --local-directory "${TMPDIR:-/tmp}" < /dev/null &
workers=$!

"$python" -m grainpaint @WORDS@ \
    --scheduler-file "$meet/scheduler.json" &
command=$!
wait "$command"
status=$?
while kill -0 "$command" 2> /dev/null; do # a signal ended the wait, not the command
    wait "$command"
    status=$?
done
exit "$status"
