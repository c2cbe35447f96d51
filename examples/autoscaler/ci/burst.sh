#!/bin/sh
# burst.sh --rps N --minutes M: asks BURST_URL N times a second, and fails when
# one in a thousand is not answered within two seconds.
# needs: curl
set -eu
rps=100 minutes=1
while [ $# -gt 0 ]; do
	case $1 in
	--rps) rps=$2 ;;
	--minutes) minutes=$2 ;;
	*)
		echo "unknown option $1" >&2
		exit 2
		;;
	esac
	shift 2
done
url=${BURST_URL:-http://fleet.staging.example.com/}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# one curl a second: the URL with a range is N requests over kept connections, at most 200 at a time
second=0
while [ "$second" -lt $((minutes * 60)) ]; do
	second=$((second + 1))
	curl --silent --parallel --parallel-max 200 --max-time 2 --output /dev/null \
		--write-out '%{http_code}\n' "$url?n=[1-$rps]" >>"$log" &
	sleep 1
done
wait
sent=$(wc -l <"$log")
bad=$(grep -cv '^2' "$log" || true)
echo "sent $sent, failed $bad"
[ "$sent" -gt 0 ] && [ $((bad * 1000)) -le "$sent" ]
