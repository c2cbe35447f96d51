#!/bin/sh
# What the shops rely on, asked of the running service at URL.
set -eu
: "${URL:?the address of the service is missing}"

# status METHOD PATH BODY prints the status of one request.
status() {
	curl --silent --show-error --max-time 10 --output /dev/null --write-out '%{http_code}' \
		--request "$1" --header 'Content-Type: application/json' --data "$3" "$URL$2"
}

# expect STATUS METHOD PATH BODY fails when the answer has another status.
expect() {
	got=$(status "$2" "$3" "$4")
	if [ "$got" != "$1" ]; then
		echo "$2 $3 $4: got $got, want $1" >&2
		exit 1
	fi
}

echo "asking ${DIGEST:-the version that is running} at $URL"
expect 201 POST /payments '{"amount":1999,"currency":"EUR","card":"4111111111111111"}'
expect 422 POST /payments '{"amount":0,"currency":"EUR","card":"4111111111111111"}'
expect 422 POST /payments '{"amount":1999,"currency":"Euro","card":"4111111111111111"}'
expect 400 POST /payments 'no json'
