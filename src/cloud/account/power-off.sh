#!/bin/bash
# Ends the cluster by powering off its primary, whoever else has died: a bootstrap action.
#
#     power-off.sh SECONDS S3_URI
#
# The cluster is to be gone SECONDS after its creation. The object may hold another number of
# seconds, digits alone; it is read each minute, so that the deadline moves with it. While it
# cannot be read, the last number known holds. If this cannot keep watch it fails, so that EMR
# refuses the cluster.
set -euo pipefail

# The variables are for tests.
info=${CLUSTERUP_INFO:-/mnt/var/lib/info}
uptime=${CLUSTERUP_UPTIME:-/proc/uptime}
systemd=${CLUSTERUP_SYSTEMD:-/run/systemd/system}
home=${CLUSTERUP_POWER_OFF:-/var/lib/clusterup-power-off}
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

# What the cluster knows of itself, without white space; nothing of a file that is not there.
fact() {
    if [[ -r $info/$1 ]]; then
        tr -d '[:space:]' <"$info/$1"
    fi
}

# Whole seconds since the machine began. No correction of the clock moves them.
up() {
    local seconds
    read -r seconds _ <"$uptime" || return 1
    printf '%d' "${seconds%%.*}"
}

# The uptime at which the cluster was created, perhaps below zero. The wall clock is asked here and
# never again.
born() {
    local most=$1 text now gone pattern='"jobFlowCreationInstant":([0-9]{10,15})'
    now=$(up) || return 1
    text=$(fact job-flow.json)
    if [[ $text =~ $pattern ]]; then
        gone=$(($(date +%s) - 10#${BASH_REMATCH[1]} / 1000))
        gone=$((gone < 0 ? 0 : gone))
    else
        gone=$now
    fi
    printf '%d' "$((now - (gone < most ? gone : most)))"
}

# The number in a place, if there is one: the object, or the file with the last that was known.
number() {
    local text
    case $1 in
    s3://*) text=$(timeout -k 5 30 aws s3 cp "$1" - 2>/dev/null </dev/null | head -c 32) || return 0 ;;
    *) text=$(head -c 32 "$1" 2>/dev/null) || return 0 ;;
    esac
    if is_number "$text"; then
        printf '%d' "$((10#$text))"
    fi
}

end() {
    # A shutdown ends this first, and may hang in what it ends next.
    trap '' HUP INT TERM
    shutdown -h now || true
    while sleep "$grace"; do
        poweroff -f || true
    done
}

watch() {
    local born=$1 seconds=$2 uri=$3 found now left pause pattern='"region":"([a-z0-9-]+)"'
    # What sudo and systemd leave of it may lack the AWS CLI.
    PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    if [[ $(fact extraInstanceData.json) =~ $pattern ]]; then
        export AWS_DEFAULT_REGION=${BASH_REMATCH[1]}
    fi
    # This may be its second life.
    found=$(number "$home/seconds")
    seconds=${found:-$seconds}
    : >"$home/armed" || true
    while true; do
        found=$(number "$uri")
        if [[ -n $found && $found != "$seconds" ]]; then
            seconds=$found
            printf '%s\n' "$seconds" >"$home/seconds" || true
        fi
        now=$(up)
        left=$((born + seconds - now))
        if ((left <= 0)); then
            end
        fi
        pause=$poll
        if ((left < ${poll%%.*})); then
            pause=$left
        fi
        sleep "$pause"
    done
}

arm() {
    local from command tries
    from=$(born "$1") || die "$uptime cannot be read"
    sudo -n mkdir -p -m 755 "$home" || die "there is no right to keep watch"
    sudo -n cp "${BASH_SOURCE[0]}" "$home/power-off.sh" || die "it cannot be kept"
    sudo -n rm -f "$home/armed" "$home/seconds"
    command=(/bin/bash "$home/power-off.sh" --watch "$from" "$1" "$2")
    if [[ -d $systemd ]]; then
        # An old systemd restarts nothing that has no file.
        unit --property=Restart=on-failure --property=RestartSec=5 "${command[@]}" ||
            unit "${command[@]}" || die "systemd does not keep watch"
    else
        sudo -n setsid --fork nohup "${command[@]}" </dev/null >/dev/null 2>&1 ||
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

# Outlives the session of the bootstrap actions.
unit() {
    sudo -n systemd-run --unit=clusterup-power-off "$@" </dev/null
}

if [[ ${1:-} == --watch ]]; then
    watch "$2" "$3" "$4"
fi
if (($# != 2)) || ! is_number "$1" || [[ $2 != s3://*/* ]]; then
    die "usage: power-off.sh SECONDS S3_URI"
fi
case $(fact instance.json) in
*'"isMaster":true'*) arm "$((10#$1))" "$2" ;;
*'"isMaster":false'*) exit 0 ;;
*) die "$info/instance.json does not say what this machine is" ;;
esac
