#!/bin/bash
# Copies reference data to a folder of the primary, and from there to HDFS.
set -euo pipefail
folder=$1
source=$2
mkdir -p "$folder"
aws s3 sync "$source" "$folder"
hdfs dfs -mkdir -p /reference
hdfs dfs -put -f "$folder"/. /reference
