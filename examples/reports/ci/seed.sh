#!/bin/sh
# seed.sh [--check|--remove]: one empty report under the bucket's name, so that the first reader finds something.
# --check: exit 0 when it is there, 1 when it is not.
set -eu
cd "$(dirname "$0")/.."
file=seeded/${BUCKET:-bucket}/empty.json
case ${1:-} in
'')
	mkdir -p "$(dirname "$file")"
	printf '{"currency":"EUR","sums":{}}\n' >"$file"
	;;
--check) [ -f "$file" ] ;;
--remove) rm -f "$file" ;;
*)
	echo "unknown option $1" >&2
	exit 2
	;;
esac
