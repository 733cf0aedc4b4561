#!/bin/sh
# What every container runs first: takes the database's URL from a file, so that no command line or `docker inspect`
# shows its password, and becomes the program, which then is process 1 and gets the signals itself.
set -eu

if [ -z "${DATABASE_URL:-}" ] && [ -n "${DATABASE_URL_FILE:-}" ]; then
    # A server without a database needs no URL, nor does --version.
    if [ -e "$DATABASE_URL_FILE" ]; then
        DATABASE_URL=$(cat "$DATABASE_URL_FILE")
        export DATABASE_URL
    fi
fi
exec "$@"
