#!/bin/sh
# Prints the Python that the course will run on; or says in one line what is missing, and fails.
#
#     sh setup/python.sh            python3 if it fits, else the first of python3.13, 3.12, 3.11 that exists
#     sh setup/python.sh python     that one or none
#
# It is a shell script because the thing it looks for may not be there.

wanted="Python 3.11, 3.12 or 3.13"
again="then run the same command again"

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

fail() { echo "$*" >&2; exit 1; }

given=$1
[ -n "$given" ] && set -- "$given" || set -- python3 python3.13 python3.12 python3.11

for python in "$@"; do
    fits "$python" || continue
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no venv module: install it (Debian and Ubuntu: apt install python3-venv), $again."
    echo "$python"
    exit 0
done

found=$("${given:-python3}" --version 2>&1) ||
    fail "${given:-python3} is not a Python that runs: install $wanted, $again; or name one: PYTHON=/path/to/python3.12."
fail "${given:-python3} is $found, and the course needs $wanted: install one, $again; or name one: PYTHON=/path/to/python3.12."
