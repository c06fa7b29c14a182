#!/bin/bash
# Installs a stack's Python packages for the interpreter that Spark uses.
set -euo pipefail
sudo /usr/bin/python3 -m pip install --no-input --disable-pip-version-check "$@"
