#!/bin/sh
# page.sh SERVICE: wakes somebody; the event is on standard input as JSON.
set -eu
curl --fail --silent --show-error --max-time 10 --retry 3 --header 'Content-Type: application/json' \
	--data-binary @- "https://pager.example.com/services/${1:?the service}/events"
