#!/bin/sh
# Writes records and reads them back, through the Service that clients use. The topic stays for the next time.
set -eu

weirlog cluster info
weirlog topic describe "$TOPIC" >/dev/null 2>&1 || weirlog topic create "$TOPIC" -p 3 -c retention.ms=3600000
run=$POD_NAME
folder=${TMPDIR:-/tmp}
number=0
while [ "$number" -lt "$RECORDS" ]; do
    number=$((number + 1))
    echo "$run $number"
done >"$folder/written"
weirlog produce "$TOPIC" --file "$folder/written"
weirlog consume "$TOPIC" --from earliest --timeout "${READ_SECONDS:-10}s" >"$folder/read"
found=0
while read -r line; do
    case $line in "$run "*) found=$((found + 1)) ;; esac
done <"$folder/read"
echo "$RECORDS records written, $found of them read back"
[ "$found" -eq "$RECORDS" ]
weirlog cluster health
