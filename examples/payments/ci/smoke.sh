#!/bin/sh
# Is the service at URL alive, and does it take one payment of a cent?
set -eu
: "${URL:?the address of the service is missing}"
curl --fail --silent --show-error --max-time 5 --output /dev/null "$URL/healthz"
curl --fail --silent --show-error --max-time 5 --header 'Content-Type: application/json' \
	--data '{"amount":1,"currency":"EUR","card":"4111111111111111"}' "$URL/payments"
