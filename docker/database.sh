#!/bin/bash
# Runs the database of any official mysql or mariadb image with the project's configuration and random passwords. It
# is mounted into the container as its entrypoint; `database.sh healthy` is its health check.
#
# DB_BIND, DB_PORT   where the server listens (0.0.0.0, 3306)
# DB_HOST            what others call it (db)
#
# Volumes: /var/lib/mysql holds the data, /secrets the passwords and `url`, which the servers read.
set -euo pipefail

DATA=/var/lib/mysql
SECRETS=/secrets
# The group of the user of the servers.
READERS=65532
# Created in the data after a complete first start. It identifies the passwords that belong to this data.
OWNER=$DATA/stackmark-owner
ANSWERED=/tmp/answered
BIND=${DB_BIND:-0.0.0.0}
PORT=${DB_PORT:-3306}

fail() {
    printf 'database: %s\n' "$1" >&2
    exit 2
}
random() { # 48 hexadecimal digits
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}
content() { # FILE: what is in it; nothing is equal to its absence
    if [[ -s $1 ]]; then cat "$1"; else printf 'no %s' "$1"; fi
}
secret() { # NAME: makes a random secret unless it is there
    [[ -s $SECRETS/$1 ]] && return
    (umask 077 && random >"$SECRETS/.$1" && mv "$SECRETS/.$1" "$SECRETS/$1")
}

if [[ ${1:-} == healthy ]]; then
    # The answer is remembered: while the port is closed the server is starting, and a check every few seconds would
    # be measured too.
    [[ -e $ANSWERED ]] && exit
    host=$BIND
    [[ $host == 0.0.0.0 || $host == :: ]] && host=127.0.0.1
    exec 2>/dev/null 3<>"/dev/tcp/$host/$PORT"
    # In this protocol, the server sends first.
    read -r -N 5 -t 2 -u 3 && touch "$ANSWERED"
    exit
fi

if command -v mariadbd >/dev/null; then
    family=mariadb server=mariadbd
else
    family=mysql server=mysqld
fi
# Each of the two products leaves a file that the other does not know.
if [[ $family == mysql && -e $DATA/aria_log_control ]] || [[ $family == mariadb && -e $DATA/mysql.ibd ]]; then
    fail "this is $family and the data is of the other family: set DB_IMAGE back, or remove the project's volumes"
fi
# An interrupted first start of this script left nothing worth keeping.
if [[ -e $SECRETS/starting && ! -e $OWNER ]]; then
    find "$DATA" -mindepth 1 -delete
fi
rm -f "$SECRETS/starting"
if [[ -n $(ls -A "$DATA") && $(content "$OWNER") != "$(content "$SECRETS/owner")" ]]; then
    fail "the data does not belong to these passwords (one of the project's two volumes was removed): remove both"
fi

for name in owner root password; do secret "$name"; done
password=$(<"$SECRETS/password")
printf 'mysql://stackmark:%s@%s:%s/stackmark\n' "$password" "${DB_HOST:-db}" "$PORT" >"$SECRETS/.url"
chown "0:$READERS" "$SECRETS/.url"
chmod 0440 "$SECRETS/.url"
mv "$SECRETS/.url" "$SECRETS/url"
chmod 0755 "$SECRETS"

# The last configuration file takes precedence; those of the image stay.
cp "/config/$family.cnf" /etc/mysql/conf.d/zz-stackmark.cnf
# MariaDB's own client insists on TLS, which the configuration turns off; the image creates the account with it.
[[ $family == mysql ]] || printf '\n[client]\nskip-ssl\n' >>/etc/mysql/conf.d/zz-stackmark.cnf
chmod 0644 /etc/mysql/conf.d/zz-stackmark.cnf
[[ -n $(ls -A "$DATA") ]] || touch "$SECRETS/starting"
# The image runs this when it creates the account, as the database's user, which cannot read the secrets.
printf 'printf %%s %s >%s\n' "$(<"$SECRETS/owner")" "$OWNER" >/docker-entrypoint-initdb.d/zz-stackmark.sh
rm -f "$ANSWERED"

# MariaDB's images know these names too. The root account is for use inside the container only.
MYSQL_ROOT_PASSWORD=$(<"$SECRETS/root")
export MYSQL_ROOT_PASSWORD MYSQL_ROOT_HOST=localhost
export MYSQL_DATABASE=stackmark MYSQL_USER=stackmark MYSQL_PASSWORD=$password
# Every database session is in UTC, which needs no table of time zones.
export MYSQL_INITDB_SKIP_TZINFO=1
exec docker-entrypoint.sh "$server" "--bind-address=$BIND" "--port=$PORT"
