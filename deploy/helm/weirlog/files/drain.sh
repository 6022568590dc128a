#!/bin/sh
# Before a broker stops: waits until the cluster can do without it, then moves its leaderships away. Whatever comes of
# that, the stop goes on: the node itself does what is left when it gets SIGTERM.
set -u

id=$((FIRST_NODE_ID + ${POD_NAME##*-}))
now() { # in seconds, by a clock that never steps
    read -r up _ </proc/uptime
    echo "${up%%.*}"
}

deadline=$(($(now) + DRAIN_WAIT_SECONDS))
safe=
while [ -z "$safe" ] && [ "$(now)" -lt "$deadline" ]; do
    case $(weirlog broker describe "$id" -o json 2>&1) in
    *'"can_stop":true'*) safe=yes ;;
    *) sleep 3 ;;
    esac
done
[ -n "$safe" ] || echo "drain: partitions have too few other replicas in sync; going on after ${DRAIN_WAIT_SECONDS}s"
weirlog broker drain "$id" --timeout "${DRAIN_TIMEOUT_SECONDS}s" || true
