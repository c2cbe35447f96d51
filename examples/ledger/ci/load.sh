#!/bin/sh
# load.sh --minutes N: postings at a steady pace against LEDGER_URL; fails when one in a hundred fails.
set -eu
minutes=1
while [ $# -gt 0 ]; do
	case $1 in
	--minutes)
		minutes=$2
		shift 2
		;;
	*)
		echo "unknown option $1" >&2
		exit 2
		;;
	esac
done
url=${LEDGER_URL:-http://ledger.staging.example.com}
end=$(($(date +%s) + minutes * 60))
sent=0 bad=0
while [ "$(date +%s)" -lt "$end" ]; do
	sent=$((sent + 1))
	curl --fail --silent --output /dev/null --max-time 2 --data '{"from":"cash","to":"sales","amount":100}' "$url/postings" || bad=$((bad + 1))
	sleep 0.1
done
echo "sent $sent, failed $bad"
[ $((bad * 100)) -le "$sent" ]
