#!/bin/sh
set -e

# Options, or a configuration, without a program: they are the server's.
case ${1:-} in
-* | *.conf) set -- redis-server "$@" ;;
esac

# Root hands the data over and starts again as the owner.
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
	chown -R redis .
	exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi
exec "$@"
