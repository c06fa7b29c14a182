#!/bin/bash
# Reports which arguments have arrived, and tries to write where the bucket's policy denies it.
#
#     arguments.sh S3_URI ARGUMENT...
#
# The report at S3_URI, s3://BUCKET/work/STACK/..., has a line for each argument: its bytes in
# hexadecimal digits.
set -euo pipefail

report=$1
shift
file=$(mktemp)
for argument in "$@"; do
    printf '%s' "$argument" | od -An -v -tx1 | tr -d ' \n'
    echo
done >"$file"
aws s3 cp --only-show-errors "$file" "$report"

place=${report#s3://}
bucket=${place%%/*}
stack=${place#*/work/}
stack=${stack%%/*}
aws s3 cp --only-show-errors "$file" "s3://$bucket/stacks/$stack/outside" || true
