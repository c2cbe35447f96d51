#!/bin/sh
# smoke.sh [--preview]: one posting and one back; --preview asks the side that nobody is on yet.
set -eu
url=${LEDGER_URL:-http://ledger.example.com}
if [ "${1:-}" = --preview ]; then
	url=${PENSTOCK_PREVIEW:-http://ledger-preview.example.com}
fi
post() { curl --fail --silent --show-error --max-time 5 --data "$1" "$url/postings"; }
curl --fail --silent --show-error --max-time 5 --output /dev/null "$url/healthz"
post '{"from":"smoke-a","to":"smoke-b","amount":1}'
post '{"from":"smoke-b","to":"smoke-a","amount":1}'
