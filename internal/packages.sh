#!/bin/sh
# Installs Debian packages whose program is missing. Each argument is
# PROGRAM:PACKAGE. Where it cannot install one it says which, and fails.
set -u
PATH="$PATH:/usr/sbin:/sbin"
missing=""
for pair in "$@"; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "make test needs these Debian packages, and there is no apt-get here to install them:$missing" >&2
	exit 1
fi
root=""
if [ "$(id -u)" -ne 0 ]; then
	root="sudo -n"
fi
echo "installing Debian packages that the tests need:$missing"
log="$(mktemp)"
if { $root apt-get update && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	rm -f "$log"
	exit 0
fi
tail -n 5 "$log" >&2
echo "make test could not install:$missing" >&2
echo "install them by hand, for example: sudo apt-get install$missing" >&2
exit 1
