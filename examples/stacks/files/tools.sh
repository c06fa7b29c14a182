#!/bin/bash
# Installs packages of the operating system on each machine.
set -euo pipefail
for package in "$@"; do
    sudo dnf install -y "$package"
done
