#!/bin/bash
# A bootstrap action that ends the cluster by powering off its primary, even if everything else is
# dead.
#
#     power-off.sh SECONDS S3_URI [HEARD_URI]
#
# The primary powers off SECONDS after the cluster's creation. The object at S3_URI may hold another
# number of seconds, digits only. It is read each minute, so that the deadline can be moved. While it
# cannot be read, the last known number is valid. The valid number is written to HEARD_URI, so that
# others know that it was read. If the watch cannot be started, the action fails, so that EMR refuses
# the cluster.
#
# A reboot neither ends the watch, which is a unit with a file, nor gives the cluster more time.
#
# While a step's process is alive, the watch also marks the cluster as busy each minute: EMR's idle
# policy knows YARN's applications and pending steps, but not a step that runs without YARN.
set -euo pipefail

# The variables are for tests.
info=${CLUSTERUP_INFO:-/mnt/var/lib/info}
uptime=${CLUSTERUP_UPTIME:-/proc/uptime}
boot=${CLUSTERUP_BOOT:-/proc/sys/kernel/random/boot_id}
systemd=${CLUSTERUP_SYSTEMD:-/run/systemd/system}
units=${CLUSTERUP_UNITS:-/etc/systemd/system}
cron=${CLUSTERUP_CRON:-/etc/cron.d}
home=${CLUSTERUP_POWER_OFF:-/var/lib/clusterup-power-off}
proc=${CLUSTERUP_PROC:-/proc}
# Each step runs in its own folder below this one.
steps=${CLUSTERUP_STEPS:-/mnt/var/lib/hadoop/steps}
# EMR 6.4.0 and newer treat a recently touched file as work (EMR Management Guide, "Using an
# auto-termination policy").
busy=${CLUSTERUP_BUSY:-/emr/metricscollector/isbusy}
python=${CLUSTERUP_PYTHON:-/usr/bin/python3}
poll=${CLUSTERUP_POLL_SECONDS:-60}
grace=${CLUSTERUP_GRACE_SECONDS:-60}
patience=${CLUSTERUP_PATIENCE_SECONDS:-60}

die() {
    printf 'power-off: %s\n' "$1" >&2
    exit 1
}

is_number() {
    [[ $1 =~ ^[0-9]{1,9}$ ]]
}

# Reads and writes an object of S3 with Python's own library only: a job may have replaced the AWS
# CLI and packages. For Python 3.4 (EMR 5) and newer.
object_py() {
    cat <<'PYTHON'
import datetime
import hashlib
import hmac
import http.client
import json
import os
import sys
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

METADATA = os.environ.get("CLUSTERUP_METADATA", "http://169.254.169.254")
MOST = 65536


def ask(address, method, path, headers, body=b""):
    url = urlsplit(address)
    secure = url.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(url.netloc, timeout=8)
    try:
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read(MOST), reply.getheader("Date")
    finally:
        connection.close()


def metadata():
    lasts = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    status, token, _ = ask(METADATA, "PUT", "/latest/api/token", lasts)
    headers = {"X-aws-ec2-metadata-token": token.decode()} if status == 200 else {}

    def read(path):
        status, text, _ = ask(METADATA, "GET", "/latest/meta-data/" + path, headers)
        return text.decode().strip() if status == 200 else None

    return read


def sha256(text):
    return hashlib.sha256(text).hexdigest()


def signed(method, host, path, body, now, region, keys):
    """The headers of a request to S3 (AWS Signature Version 4)."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-content-sha256": sha256(body), "x-amz-date": stamp}
    if keys.get("Token"):
        headers["x-amz-security-token"] = keys["Token"]
    names = sorted(headers)
    lines = [method, path, ""] + [name + ":" + headers[name] for name in names]
    lines += ["", ";".join(names), sha256(body)]
    scope = [stamp[:8], region, "s3", "aws4_request"]
    key = ("AWS4" + keys["SecretAccessKey"]).encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = ["AWS4-HMAC-SHA256", stamp, "/".join(scope), sha256("\n".join(lines).encode())]
    signature = hmac.new(key, "\n".join(text).encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}".format(
        keys["AccessKeyId"], "/".join(scope), ";".join(names), signature
    )
    return headers


def main(method, uri, body):
    bucket, _, key = uri[len("s3://") :].partition("/")
    read = metadata()
    role = read("iam/security-credentials/").split()[0]
    keys = json.loads(read("iam/security-credentials/" + role))
    region = read("placement/region") or read("placement/availability-zone")[:-1]
    domain = read("services/domain") or "amazonaws.com"
    host = "{}.s3.{}.{}".format(bucket, region, domain)
    path = "/" + quote(key, safe="/-_.~")
    address = os.environ.get("CLUSTERUP_S3", "https://" + host)
    now = datetime.datetime.utcnow()
    for _ in range(2):
        headers = signed(method, host, path, body, now, region, keys)
        status, text, date = ask(address, method, path, headers, body)
        if status != 403 or not date:
            break
        # If this machine's clock is wrong, sign again with S3's time.
        now = parsedate_to_datetime(date).replace(tzinfo=None)
    if status == 200:
        sys.stdout.write(text.decode() if method == "GET" else "")
        return 0
    return 4 if status == 404 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3].encode() if len(sys.argv) > 3 else b""))
PYTHON
}

# A file of the cluster without white space; empty if there is none.
fact() {
    if [[ -r $info/$1 ]]; then
        tr -d '[:space:]' <"$info/$1"
    fi
}

# Whole seconds since the machine started. Corrections of the clock do not change them.
up() {
    local seconds
    read -r seconds _ <"$uptime" || return 1
    printf '%d' "${seconds%%.*}"
}

# How many seconds ago the cluster was created by the wall clock, which is read once a boot. At most
# `$1`, and `$2` if the cluster does not say when it was created.
gone() {
    local most=$1 text seconds=$2 pattern='"jobFlowCreationInstant":([0-9]{10,15})'
    text=$(fact job-flow.json)
    if [[ $text =~ $pattern ]]; then
        seconds=$(($(date +%s) - 10#${BASH_REMATCH[1]} / 1000))
    fi
    seconds=$((seconds < 0 ? 0 : seconds))
    printf '%d' "$((seconds < most ? seconds : most))"
}

# The uptime at which the cluster was created, possibly negative: as noted in this boot, else by the
# clock that gives the cluster less time, the wall clock or the sum of all uptimes.
born() {
    local most=$1 now was at lived wall pattern='^([^ ]+) (-?[0-9]{1,10}) ([0-9]{1,10})$'
    now=$(up) || return 1
    if [[ $(head -c 200 "$home/life" 2>/dev/null) =~ $pattern ]]; then
        was=${BASH_REMATCH[1]} at=${BASH_REMATCH[2]} lived=$((10#${BASH_REMATCH[3]}))
        if [[ $was == "$(cat "$boot" 2>/dev/null)" ]]; then
            printf '%d' "$at"
            return
        fi
        wall=$(gone "$most" 0)
        printf '%d' "$((now - wall < -lived ? now - wall : -lived))"
        return
    fi
    printf '%d' "$((now - $(gone "$most" "$now")))"
}

# Notes what is needed after a reboot: the boot, the creation's uptime in it, and the cluster's age.
note() {
    local text
    text="$(cat "$boot" 2>/dev/null || printf 'none') $1 $2"
    { printf '%s\n' "$text" >"$home/life.new" && mv -f "$home/life.new" "$home/life"; } 2>/dev/null ||
        true
}

# Prints a short object; fails if it cannot be read or does not exist.
get() {
    local code=0
    if [[ -x $python && -r $home/object.py ]]; then
        timeout -k 5 40 "$python" -I -S "$home/object.py" GET "$1" 2>/dev/null </dev/null || code=$?
        if ((code == 0 || code == 4)); then
            return "$code"
        fi
    fi
    timeout -k 5 30 aws s3 cp "$1" - 2>/dev/null </dev/null
}

# Writes an object.
put() {
    if [[ -x $python && -r $home/object.py ]] &&
        timeout -k 5 40 "$python" -I -S "$home/object.py" PUT "$1" "$2" >/dev/null 2>&1 </dev/null; then
        return
    fi
    printf '%s' "$2" | timeout -k 5 30 aws s3 cp - "$1" >/dev/null 2>&1
}

# Prints the number in a place, if there is one: the object, or the file with the last known number.
number() {
    local text
    case $1 in
    s3://*) text=$(get "$1" | head -c 32) || return 0 ;;
    *) text=$(head -c 32 "$1" 2>/dev/null) || return 0 ;;
    esac
    if is_number "$text"; then
        printf '%d' "$((10#$text))"
    fi
}

# Touches EMR's file while a step is running.
keep_busy() {
    local cwd parent
    if [[ ! -d ${busy%/*} ]]; then
        return
    fi
    while read -r cwd; do
        parent=$(sed -n 's/^PPid:[[:space:]]*//p' "${cwd%cwd}status" 2>/dev/null) || continue
        # Child processes of a step, and what it left behind, do not count.
        if ((parent > 1)) && [[ $(readlink "$proc/$parent/cwd") != "$steps"/s-* ]]; then
            touch "$busy"
            return
        fi
    done < <(timeout -k 1 10 find "$proc" -mindepth 2 -maxdepth 2 -name cwd \
        -lname "$steps/s-*" 2>/dev/null)
}

end() {
    # A shutdown ends this process first, and may hang in what it ends next.
    trap '' HUP INT TERM
    shutdown -h now || true
    while sleep "$grace"; do
        poweroff -f || true
    done
}

watch() {
    local seconds=$1 uri=$2 heard=${3:-} said='' born found now left pause
    local pattern='"region":"([a-z0-9-]+)"'
    # sudo and systemd may leave a PATH without the AWS CLI.
    PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    if [[ $(fact extraInstanceData.json) =~ $pattern ]]; then
        export AWS_DEFAULT_REGION=${BASH_REMATCH[1]}
    fi
    # This may be after a reboot.
    found=$(number "$home/seconds")
    seconds=${found:-$seconds}
    born=$(born "$seconds")
    now=$(up)
    note "$born" "$((now - born))"
    : >"$home/armed" || true
    while true; do
        found=$(number "$uri")
        if [[ -n $found && $found != "$seconds" ]]; then
            seconds=$found
            printf '%s\n' "$seconds" >"$home/seconds" || true
        fi
        now=$(up)
        if ((born + seconds <= now)); then
            end
        fi
        if [[ -n $heard && $said != "$seconds" ]] && put "$heard" "$seconds"; then
            said=$seconds
        fi
        keep_busy 2>/dev/null || true
        now=$(up)
        note "$born" "$((now - born))"
        left=$((born + seconds - now))
        pause=$poll
        if ((left < ${poll%%.*})); then
            pause=$((left > 0 ? left : 0))
        fi
        sleep "$pause"
    done
}

# The unit that keeps the watch, also after a reboot.
unit() {
    cat <<UNIT
[Unit]
Description=Powers this machine off at the deadline of its cluster

[Service]
ExecStart=$1
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
}

arm() {
    local command tries name=clusterup-power-off
    up >/dev/null || die "$uptime cannot be read"
    sudo -n mkdir -p -m 755 "$home" || die "there is no right to keep watch"
    sudo -n cp "${BASH_SOURCE[0]}" "$home/power-off.sh" || die "it cannot be kept"
    object_py | sudo -n tee "$home/object.py" >/dev/null || die "it cannot be kept"
    sudo -n rm -f "$home/armed" "$home/seconds" "$home/life"
    command="/bin/bash $home/power-off.sh --watch $*"
    if [[ -d $systemd ]]; then
        unit "$command" | sudo -n tee "$units/$name.service" >/dev/null || die "it cannot be kept"
        sudo -n systemctl daemon-reload || die "systemd does not keep watch"
        sudo -n systemctl enable "$name.service" || die "systemd does not keep watch"
        sudo -n systemctl restart "$name.service" || die "systemd does not keep watch"
    else
        # Amazon Linux 1 has no systemd: cron starts the watch after a reboot.
        if [[ -d $cron ]]; then
            printf '@reboot root %s\n' "$command" | sudo -n tee "$cron/$name" >/dev/null ||
                die "it cannot be kept"
        fi
        # shellcheck disable=SC2086
        sudo -n setsid --fork nohup $command </dev/null >/dev/null 2>&1 ||
            die "it does not keep watch"
    fi
    for ((tries = 0; tries <= patience * 10; tries++)); do
        if [[ -e $home/armed ]]; then
            exit 0
        fi
        sleep 0.1
    done
    die "nobody keeps watch"
}

if [[ ${1:-} == --watch ]]; then
    watch "${@:2}"
fi
if (($# != 2 && $# != 3)) || ! is_number "$1" || [[ $2 != s3://*/* || ${3:-s3://b/k} != s3://*/* ]]; then
    die "usage: power-off.sh SECONDS S3_URI [HEARD_URI]"
fi
case $(fact instance.json) in
*'"isMaster":true'*) arm "$((10#$1))" "${@:2}" ;;
*'"isMaster":false'*) exit 0 ;;
*) die "$info/instance.json does not say what this machine is" ;;
esac
