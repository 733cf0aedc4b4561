#!/bin/sh
# Becomes the owner of results/, so that a run belongs to that user and not to root.
set -eu

owner=$(stat --format '--reuid=%u --regid=%g' /stackmark/results)
# shellcheck disable=SC2086 # two options
exec setpriv $owner --clear-groups "$@"
