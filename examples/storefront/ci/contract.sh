#!/bin/sh
# contract.sh URL: every article has the two fields that the app reads.
set -eu
url=${1:?the address of the shop is missing}
for id in 1 2; do
	article=$(curl --fail --silent --show-error --max-time 10 "$url/articles/$id")
	for field in name price; do
		case $article in
		*"\"$field\":"*) ;;
		*)
			echo "article $id has no $field: $article" >&2
			exit 1
			;;
		esac
	done
done
