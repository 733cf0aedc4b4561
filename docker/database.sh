# shellcheck shell=bash
# What mysql.sh and postgres.sh share. They are the entrypoints of the databases' containers, `… healthy` are their health
# checks, and this is read by both.
#
# DB_BIND, DB_PORT   where the server listens
# DB_HOST            what others call it
#
# Volume: /secrets holds the passwords and `url`, which the servers read.
set -euo pipefail

SECRETS=/secrets
# The group of the user of the servers.
READERS=65532
# There after a first answer: while the server starts it has none, and a check every few seconds would be measured too.
ANSWERED=/tmp/answered
BIND=${DB_BIND:?}
PORT=${DB_PORT:?}
HOST=${DB_HOST:?}
# Where this container itself reaches it.
LOCAL=$BIND
[[ $LOCAL == 0.0.0.0 || $LOCAL == :: ]] && LOCAL=127.0.0.1

secret() { # NAME: makes a random secret, 48 hexadecimal digits, unless it is there
    [[ -s $SECRETS/$1 ]] && return
    (umask 077 && od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$SECRETS/.$1" && mv "$SECRETS/.$1" "$SECRETS/$1")
}
publish() { # SCHEME: writes the URL, with the secret `password`
    (umask 077 && printf '%s://stackmark:%s@%s:%s/stackmark\n' "$1" "$(<"$SECRETS/password")" "$HOST" "$PORT" >"$SECRETS/.url")
    chown "0:$READERS" "$SECRETS/.url"
    chmod 0440 "$SECRETS/.url"
    mv "$SECRETS/.url" "$SECRETS/url"
    chmod 0755 "$SECRETS"
}
