#!/bin/sh
# Gives the pod its place in the cluster, by its number, and becomes the node.
set -eu

number=${POD_NAME##*-}
WEIRLOG_NODE_ID=$((FIRST_NODE_ID + number))
if [ "$KIND" = controller ]; then
    WEIRLOG_ROLES=controller
elif [ "$number" -lt "$CONTROLLERS" ]; then
    WEIRLOG_ROLES=broker,controller
else
    WEIRLOG_ROLES=broker
fi
WEIRLOG_CLIENT_ADVERTISED_HOST=$POD_NAME.$POD_DOMAIN
WEIRLOG_INTERNAL_ADVERTISED_HOST=$POD_NAME.$POD_DOMAIN
# Where the zone was looked up; a variable that is empty counts as not set.
[ ! -r /rack/zone ] || IFS= read -r ZONE </rack/zone || true
WEIRLOG_BROKER_RACK=${ZONE:-}
export WEIRLOG_NODE_ID WEIRLOG_ROLES WEIRLOG_CLIENT_ADVERTISED_HOST WEIRLOG_INTERNAL_ADVERTISED_HOST WEIRLOG_BROKER_RACK
exec weirlog server --config "${CONFIG_FILE:-/etc/weirlog/weirlog.yaml}"
