#!/bin/sh
# e2e.sh URL: a customer finds the kettle and not what is not sold.
set -eu
url=${1:?the address of the shop is missing}
curl --fail --silent --show-error --max-time 10 "$url/articles/1" | grep -q kettle
[ "$(curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' "$url/articles/0")" = 404 ]
