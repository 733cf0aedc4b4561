#!/bin/bash
# Runs the database of any official mysql or mariadb image with the project's configuration and random passwords.
#
# Volume: /var/lib/mysql holds the data.
source /docker/database.sh

DATA=/var/lib/mysql
# Created in the data after a complete first start. It identifies the passwords that belong to this data.
OWNER=$DATA/stackmark-owner

fail() {
    printf 'mysql: %s\n' "$1" >&2
    exit 2
}
content() { # FILE: what is in it; nothing is equal to its absence
    if [[ -s $1 ]]; then cat "$1"; else printf 'no %s' "$1"; fi
}

if [[ ${1:-} == healthy ]]; then
    [[ -e $ANSWERED ]] && exit
    exec 2>/dev/null 3<>"/dev/tcp/$LOCAL/$PORT"
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
    fail "this is $family and the data is of the other family: set MYSQL_IMAGE back, or remove the project's volumes"
fi
# An interrupted first start of this script left nothing worth keeping.
if [[ -e $SECRETS/starting && ! -e $OWNER ]]; then
    find "$DATA" -mindepth 1 -delete
fi
rm -f "$SECRETS/starting"
if [[ -n $(ls -A "$DATA") && $(content "$OWNER") != "$(content "$SECRETS/owner")" ]]; then
    fail "the data does not belong to these passwords (one of its two volumes was removed): remove both"
fi

for name in owner root password; do secret "$name"; done
publish mysql

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
MYSQL_PASSWORD=$(<"$SECRETS/password")
export MYSQL_ROOT_PASSWORD MYSQL_ROOT_HOST=localhost
export MYSQL_DATABASE=stackmark MYSQL_USER=stackmark MYSQL_PASSWORD
# Every database session is in UTC, which needs no table of time zones.
export MYSQL_INITDB_SKIP_TZINFO=1
exec docker-entrypoint.sh "$server" "--bind-address=$BIND" "--port=$PORT"
