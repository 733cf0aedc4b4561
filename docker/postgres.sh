#!/bin/bash
# Runs the database of any official postgres image that is made of Debian, with the project's configuration and a random
# password. It is made and started as harness/src/service/postgres.rs does it without a container: the image's own
# entrypoint would make the account a superuser.
#
# Volume: /var/lib/postgresql holds a folder of data for each major version.
source /docker/database.sh

# Where Debian's packages put the programs of the server.
PATH=$(printf '%s:' /usr/lib/postgresql/*/bin)$PATH
read -r _ _ version _ < <(postgres --version)
DATA=/var/lib/postgresql/stackmark-${version%%.*}

if [[ ${1:-} == healthy ]]; then
    [[ -e $ANSWERED ]] && exit
    pg_isready --quiet --timeout=2 --host="$LOCAL" --port="$PORT" --username=stackmark --dbname=stackmark && touch "$ANSWERED"
    exit
fi

own() { # COMMAND…: runs it as the database's user
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
}
configure() { # FOLDER: the settings, and the logins: only this role, only with its password
    own tee "$1/postgresql.conf" </config/postgresql.conf >/dev/null
    own tee "$1/pg_hba.conf" <<<'host all stackmark all scram-sha-256' >/dev/null
}
execute() { # FOLDER DATABASE: has a server that nobody can connect to carry out standard input, a statement a line
    # One may hold the password, so none is logged.
    own postgres --single -D "$1" -c exit_on_error=true -c log_min_error_statement=panic "$2" >/dev/null
}

secret password
publish postgres

if [[ ! -d $DATA ]]; then
    # Made under another name: under its own it is complete, or not there.
    half=$DATA.half
    own rm -rf "$half"
    own initdb --pgdata="$half" --username=postgres --locale=C --encoding=UTF8 \
        --auth-local=peer --auth-host=scram-sha-256 --no-sync --no-instructions >/dev/null
    configure "$half"
    execute "$half" postgres <<<$'CREATE ROLE stackmark LOGIN\nCREATE DATABASE stackmark OWNER stackmark'
    execute "$half" stackmark <<<'CREATE EXTENSION pg_stat_statements'
    own mv "$half" "$DATA"
fi
configure "$DATA"
# Set at each start, so a lost password repairs itself.
execute "$DATA" postgres <<<"ALTER ROLE stackmark PASSWORD '$(<"$SECRETS/password")'"

# Settings of the command line take precedence. The socket is in the data, as nothing else can be written.
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -D "$DATA" -c listen_addresses="$BIND" -c unix_socket_directories=. -p "$PORT"
