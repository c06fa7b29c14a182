//! The systemd unit of the watchdog. It is hardened: the service needs only its own folders and the
//! network.

use crate::model::hex::hex;
use sha2::{Digest, Sha256};

/// Who owns the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceScope {
    /// The machine; the service runs as its own user.
    Machine,
    /// One user; the service runs with that user's rights.
    User,
}

pub(super) const NAME: &str = "clusterup-watchdog.service";

/// The unit's first line, followed by the digest of the rest, which shows whether it was edited.
const HEAD: &str = "# Written by `clusterup watchdog install`; change it by `systemctl edit`. ";

/// The unit for a command line scope words are quoted.
pub(super) fn unit(scope: ServiceScope, command: &str) -> String {
    let (settings, wanted_by) = match scope {
        ServiceScope::Machine => (MACHINE, "multi-user.target"),
        ServiceScope::User => (USER, "default.target"),
    };
    let body =
        format!("{BEGIN}ExecStart={command}\n{settings}{ALL}\n[Install]\nWantedBy={wanted_by}\n");
    format!("{HEAD}{}\n{body}", digest(&body))
}

/// Whether a version of clusterup wrote this text and nobody edited it.
pub(super) fn is_unedited(text: &str) -> bool {
    let written = text
        .strip_prefix(HEAD)
        .and_then(|rest| rest.split_once('\n'));
    written.is_some_and(|(recorded, body)| recorded == digest(body))
}

fn digest(body: &str) -> String {
    hex(&Sha256::digest(body))
}

const BEGIN: &str = "
[Unit]
Description=clusterup watchdog, which ends forgotten EMR clusters
Documentation=https://github.com/clusterup/clusterup
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
NotifyAccess=main
";

/// A dynamic user, which owns the state below /var/lib.
const MACHINE: &str = "EnvironmentFile=-/etc/clusterup/watchdog.env
DynamicUser=yes
User=clusterup
StateDirectory=clusterup
StateDirectoryMode=0700
CacheDirectory=clusterup
CacheDirectoryMode=0700
ConfigurationDirectory=clusterup
Environment=HOME=/var/lib/clusterup
Environment=XDG_STATE_HOME=/var/lib
Environment=XDG_CACHE_HOME=/var/cache
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
CapabilityBoundingSet=
AmbientCapabilities=
RemoveIPC=yes
";

/// A user's service manager cannot restrict access to the machine.
const USER: &str = "EnvironmentFile=-%E/clusterup/watchdog.env
";

const ALL: &str = "ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=10
# Exit code 2 means invalid input, which a restart does not fix.
RestartPreventExitStatus=2
WatchdogSec=300
TimeoutStartSec=120
TimeoutStopSec=60
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077
MemoryMax=512M
# The page uses at most a quarter of these, and at most 256.
LimitNOFILE=8192
# Threads: one for each notification being sent.
TasksMax=512
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn an_edited_unit_is_recognized() {
        let text = unit(ServiceScope::Machine, "/bin/true watchdog run");
        assert!(is_unedited(&text));
        assert!(!is_unedited(&text.replace("512M", "64M")));
        assert!(!is_unedited(&format!("{text}\n")));
        assert!(!is_unedited("[Service]\nExecStart=/bin/true\n"));
        assert!(!is_unedited(""));
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn systemd_accepts_the_unit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        for (scope, manager) in [
            (ServiceScope::Machine, "--system"),
            (ServiceScope::User, "--user"),
        ] {
            std::fs::write(
                &path,
                unit(scope, "/bin/true watchdog run \"100%% \\\"a b\\\"\""),
            )
            .unwrap();
            let verify = |path: &std::path::Path| {
                let mut command = Command::new("systemd-analyze");
                command.args([manager, "--man=no", "verify"]).arg(path);
                command.env("XDG_RUNTIME_DIR", folder.path()).output()
            };
            let Ok(done) = verify(&path) else {
                eprintln!("skipped: systemd-analyze is not installed");
                return;
            };
            let says = String::from_utf8_lossy(&done.stderr).into_owned();
            let is_about_unit = says.contains(NAME) || says.contains("Unknown");
            assert!(done.status.success() && !is_about_unit, "{manager}: {says}");
        }
    }
}
