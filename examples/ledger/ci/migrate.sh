#!/bin/sh
# migrate.sh check|apply|revert expand|contract
#
# check exits with 0 when the step is applied, with 1 when it is not, and with 2
# when it cannot tell. apply and revert run in one transaction that holds an
# advisory lock, so that they happen wholly or not at all, and once. The table
# schema_steps says which steps are applied; where penstock passes the fencing
# number of its lock, a writer with an older number than the last one is refused.
#
# needs: psql; DATABASE_URL
set -eu
action=${1:?check, apply or revert}
step=${2:?expand or contract}
db=$(cd "$(dirname "$0")/../db" && pwd)

case $step in
expand | contract) ;;
*)
	echo "unknown step $step" >&2
	exit 2
	;;
esac

sql() {
	psql "${DATABASE_URL:?the database is missing}" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"
}

check() {
	known=$(sql --command "select to_regclass('schema_steps') is not null") || exit 2
	[ "$known" = t ] || return 1
	applied=$(sql --command "select count(*) from schema_steps where name = '$step'") || exit 2
	[ "$applied" = 1 ]
}

# change FILE RECORD runs FILE and the statement that records it, together.
change() {
	sql --single-transaction --set fence="${PENSTOCK_FENCE:-0}" --file "$db/guard.sql" --file "$1" --command "$2"
}

case $action in
check) check ;;
apply) check || change "$db/$step.sql" "insert into schema_steps (name) values ('$step')" ;;
revert)
	if check; then
		change "$db/revert-$step.sql" "delete from schema_steps where name = '$step'"
	fi
	;;
*)
	echo "unknown action $action" >&2
	exit 2
	;;
esac
