#!/bin/sh
if [ -r /etc/vaultwarden.sh ]; then . /etc/vaultwarden.sh; fi
exec /vaultwarden "${@}"
