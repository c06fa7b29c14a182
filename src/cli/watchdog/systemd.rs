//! Notifications to systemd (sd_notify(3)). Without a NOTIFY_SOCKET they do nothing; a failure to
//! send one is ignored.

use crate::model::shown::line;
use sd_notify::NotifyState;
use std::time::Duration;

/// The connection to systemd.
#[derive(Debug, Clone, Copy)]
pub(super) struct Systemd {
    every: Option<Duration>,
}

impl Systemd {
    /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment.
    pub(super) fn from_environment() -> Self {
        // Half of the timeout, as sd_watchdog_enabled(3) advises.
        let every = sd_notify::watchdog_enabled().map(|timeout| timeout / 2);
        Self { every }
    }

    /// How often to call [`Self::alive`]; `None` if systemd does not ask for it. Only the loop that
    /// does the work may call it: otherwise a loop that hangs looks alive.
    pub(super) const fn every(&self) -> Option<Duration> {
        self.every
    }

    /// Reports that the service is ready, with a status line for `systemctl status`: before the
    /// first sweep, which may take longer than systemd waits, after [`Self::reloading`], and
    /// whenever the status changes.
    pub(super) fn ready(&self, status: &str) {
        // A line feed would begin another assignment.
        let status = line(status, 500);
        notify(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    /// Reports that policies are being reloaded; [`Self::ready`] follows even if they are invalid.
    pub(super) fn reloading(&self) {
        // systemd requires the monotonic time with it since version 253.
        match NotifyState::monotonic_usec_now() {
            Ok(now) => notify(&[NotifyState::Reloading, now]),
            Err(_) => notify(&[NotifyState::Reloading]),
        }
    }

    pub(super) fn stopping(&self) {
        notify(&[
            NotifyState::Stopping,
            NotifyState::Status("releasing the watchdog's lease"),
        ]);
    }

    /// Reports that the loop still turns.
    pub(super) fn alive(&self) {
        if self.every.is_some() {
            notify(&[NotifyState::Watchdog]);
        }
    }
}

fn notify(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;
    use std::process::Command;

    /// Run by the next test, in a process with its own environment.
    #[test]
    #[ignore = "it notifies the socket that the environment names"]
    fn notifies() {
        let systemd = Systemd::from_environment();
        let every = systemd.every().map(|every| every.as_secs());
        systemd.ready("sweep 1\nSTOPPING=1");
        systemd.ready(&format!("{every:?}"));
        systemd.alive();
        systemd.reloading();
        systemd.stopping();
    }

    /// The messages of a process with this WATCHDOG_USEC, which is unset if `None`.
    fn messages(watchdog: Option<&str>) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--ignored",
                "--exact",
                "cli::watchdog::systemd::tests::notifies",
            ])
            .env("NOTIFY_SOCKET", &path)
            .env_remove("WATCHDOG_USEC")
            .env_remove("WATCHDOG_PID");
        if let Some(usec) = watchdog {
            command.env("WATCHDOG_USEC", usec);
        }
        let done = command.output().unwrap();
        assert!(done.status.success(), "{done:?}");
        let mut all = Vec::new();
        let mut buffer = [0; 1_000];
        while let Ok(bytes) = socket.recv(&mut buffer) {
            all.push(
                String::from_utf8_lossy(&buffer[..bytes])
                    .trim_end()
                    .to_owned(),
            );
        }
        all
    }

    #[test]
    fn systemd_receives_each_state() {
        let all = messages(Some("300000000"));
        assert_eq!(all.len(), 5, "{all:?}");
        assert_eq!(
            all[..3],
            [
                "READY=1\nSTATUS=sweep 1 STOPPING=1",
                "READY=1\nSTATUS=Some(150)",
                "WATCHDOG=1"
            ]
        );
        assert!(
            all[3].starts_with("RELOADING=1\nMONOTONIC_USEC="),
            "{all:?}"
        );
        assert!(all[4].starts_with("STOPPING=1"), "{all:?}");
        let all = messages(None);
        assert_eq!(all.len(), 4, "no keep-alive was requested: {all:?}");
        assert_eq!(all[1], "READY=1\nSTATUS=None");
    }

    #[test]
    fn without_a_socket_nothing_is_sent() {
        Systemd { every: None }.alive();
        assert_eq!(line("a\nb", 9), "a b");
    }
}
