#!/bin/sh
# pages.sh build|links|publish|published|withdraw
#
# publish renames finished folders, so that no reader sees half of the pages;
# published compares, and exits with 1 when they are not the new ones; withdraw
# brings the old ones back.
set -eu
cd "$(dirname "$0")/.."
case ${1:?build, links, publish, published or withdraw} in
build)
	rm -rf public
	cp -R pages public
	;;
links)
	for page in public/*.html; do
		for link in $(grep -o 'href="[^"]*"' "$page" | cut -d'"' -f2); do
			[ -f "public/$link" ] || { echo "$page: $link leads nowhere" >&2; exit 1; }
		done
	done
	;;
publish)
	rm -rf served.next served.before
	cp -R public served.next
	[ ! -d served ] || mv served served.before
	mv served.next served
	;;
published) diff -r public served >/dev/null 2>&1 || exit 1 ;;
withdraw)
	rm -rf served
	[ ! -d served.before ] || mv served.before served
	;;
*)
	echo "unknown command $1" >&2
	exit 2
	;;
esac
