//! The unit of systemd that keeps the watchdog going: what it may do is little, for what it needs
//! is a folder of its own and the network.

use crate::model::hex::hex;
use sha2::{Digest, Sha256};

/// Whose service it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceScope {
    /// The machine's, with a user of its own.
    Machine,
    /// One person's, with what that person may do.
    User,
}

pub(super) const NAME: &str = "clusterup-watchdog.service";

/// Says that we wrote it, and what it was, so that a person's changes are seen.
const HEAD: &str = "# Written by `clusterup watchdog install`; change it by `systemctl edit`. ";

/// The unit for a command line whose words are quoted.
pub(super) fn unit(whose: ServiceScope, command: &str) -> String {
    let (own, wanted_by) = match whose {
        ServiceScope::Machine => (MACHINE, "multi-user.target"),
        ServiceScope::User => (USER, "default.target"),
    };
    let body = format!("{BEGIN}ExecStart={command}\n{own}{ALL}\n[Install]\nWantedBy={wanted_by}\n");
    format!("{HEAD}{}\n{body}", digest(&body))
}

/// Whether it is as some clusterup wrote it.
pub(super) fn is_untouched(text: &str) -> bool {
    let written = text
        .strip_prefix(HEAD)
        .and_then(|rest| rest.split_once('\n'));
    written.is_some_and(|(was, body)| was == digest(body))
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

/// A user that exists while the service does, who owns what is kept below /var/lib.
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

/// A person's own manager has no power to hide parts of the machine everywhere.
const USER: &str = "EnvironmentFile=-%E/clusterup/watchdog.env
";

const ALL: &str = "ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=10
# What is written wrong stays wrong until a person mends it.
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
# The page takes a quarter of these at most, and no more than 256.
LimitNOFILE=8192
# Threads, one for each notice that is on its way.
TasksMax=512
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_changed_unit_is_seen() {
        let text = unit(ServiceScope::Machine, "/bin/true watchdog run");
        assert!(is_untouched(&text));
        assert!(!is_untouched(&text.replace("512M", "64M")));
        assert!(!is_untouched(&format!("{text}\n")));
        assert!(!is_untouched("[Service]\nExecStart=/bin/true\n"));
        assert!(!is_untouched(""));
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a test that is left out says so")]
    fn systemd_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        for (whose, manager) in [
            (ServiceScope::Machine, "--system"),
            (ServiceScope::User, "--user"),
        ] {
            std::fs::write(
                &path,
                unit(whose, "/bin/true watchdog run \"100%% \\\"a b\\\"\""),
            )
            .unwrap();
            let verify = |path: &std::path::Path| {
                let mut command = Command::new("systemd-analyze");
                command.args([manager, "--man=no", "verify"]).arg(path);
                command.env("XDG_RUNTIME_DIR", folder.path()).output()
            };
            let Ok(done) = verify(&path) else {
                eprintln!("left out: there is no systemd-analyze here");
                return;
            };
            let says = String::from_utf8_lossy(&done.stderr).into_owned();
            let of_ours = says.contains(NAME) || says.contains("Unknown");
            assert!(done.status.success() && !of_ours, "{manager}: {says}");
        }
    }
}
