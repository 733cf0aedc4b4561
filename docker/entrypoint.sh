#!/bin/sh
# The first program in every container: reads the database's URL from a file, so that no command line or `docker
# inspect` shows its password, and then replaces itself with the actual program, which so becomes process 1 and
# receives the signals.
set -eu

if [ -z "${DATABASE_URL:-}" ] && [ -n "${DATABASE_URL_FILE:-}" ]; then
    # A server without a database needs no URL, nor does --version.
    if [ -e "$DATABASE_URL_FILE" ]; then
        DATABASE_URL=$(cat "$DATABASE_URL_FILE")
        export DATABASE_URL
    fi
fi
exec "$@"
