#!/bin/sh
set -e
if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers crk.conf
elif ! getent passwd crk >/dev/null; then
	useradd --system --user-group --home-dir /var/lib/crk --shell /usr/sbin/nologin crk
fi
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if [ "$1" = configure ] && [ -n "$2" ]; then
	systemctl try-restart crk.service # an upgrade
else
	systemctl enable --now crk.service
	echo "CRK runs on port 8080. Its one-time code for the first visit: journalctl -u crk"
fi
