#!/bin/sh
# load.sh HOST:PORT SECONDS: about fifty requests a second; fails when one is not answered with success.
set -eu
address=${1:?host and port}
seconds=${2:?seconds}
end=$(($(date +%s) + seconds))
while [ "$(date +%s)" -lt "$end" ]; do
	curl --fail --silent --max-time 2 --output /dev/null "http://$address/?n=[1-50]"
	sleep 1
done
