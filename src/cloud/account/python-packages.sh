#!/bin/bash
# Installs the packages that a stack names for the interpreter that Spark uses.
set -euo pipefail
sudo /usr/bin/python3 -m pip install --no-input --disable-pip-version-check "$@"
