#!/bin/sh
set -e
# $1 is "upgrade" when a newer version takes over. The data in /var/lib/crk stays.
[ "$1" = remove ] && [ -d /run/systemd/system ] || exit 0
systemctl disable --now crk.service
