#!/bin/bash
# Runs a command whose words are `=` and Base64 each: EMR's runners drop empty arguments and cut `}}`.
set -euo pipefail
words=()
for word in "$@"; do
  # The `.` keeps line ends, which a substitution would cut.
  word=$(printf %s "${word#=}" | base64 -d && printf .)
  words+=("${word%.}")
done
# A script in S3 is fetched first.
case ${words[0]} in
  s3://*)
    folder=$(mktemp -d)
    script=$folder/${words[0]##*/}
    aws s3 cp --only-show-errors "${words[0]}" "$script"
    chmod 700 "$script"
    if [ "$(head -c 2 "$script")" != '#!' ]; then
      exec /bin/bash "$script" "${words[@]:1}"
    fi
    words[0]=$script
    ;;
esac
exec "${words[@]}"
