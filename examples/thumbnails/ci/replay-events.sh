#!/bin/sh
# replay-events.sh --count N: sends N recorded events through the alias and fails when one is not answered with a thumbnail.
# needs: the aws command and credentials of the account
set -eu
count=10
while [ $# -gt 0 ]; do
	case $1 in
	--count)
		count=$2
		shift 2
		;;
	*)
		echo "unknown option $1" >&2
		exit 2
		;;
	esac
done
cd "$(dirname "$0")"
out=$(mktemp)
trap 'rm -f "$out"' EXIT
i=0
while [ "$i" -lt "$count" ]; do
	i=$((i + 1))
	error=$(aws lambda invoke --function-name "thumbnails-resize:${ALIAS:-live}" \
		--cli-binary-format raw-in-base64-out --payload file://event.json \
		--query FunctionError --output text "$out")
	if [ "$error" != None ] || ! grep -q '"height":' "$out"; then
		echo "event $i of $count: $error: $(head -c 300 "$out")" >&2
		exit 1
	fi
done
echo "$count events answered"
