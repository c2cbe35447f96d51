#!/bin/sh
# smoke.sh: does the new side greet, before anybody is on it? penstock says where it listens.
set -eu
curl --fail --silent --show-error --max-time 5 "http://${PENSTOCK_PREVIEW:-127.0.0.1:8095}/" | grep -q '^good day'
