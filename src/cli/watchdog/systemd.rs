//! What systemd is told of the daemon (sd_notify(3)). Where nobody waits to hear it, nothing is
//! said; what cannot be said harms nothing.

use crate::model::shown::line;
use sd_notify::NotifyState;
use std::time::Duration;

/// The service's line to systemd.
#[derive(Debug, Clone, Copy)]
pub(super) struct Systemd {
    every: Option<Duration>,
}

impl Systemd {
    /// As the environment has it: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID.
    pub(super) fn from_environment() -> Self {
        // Half of the time, as sd_watchdog_enabled(3) advises.
        let every = sd_notify::watchdog_enabled().map(|most| most / 2);
        Self { every }
    }

    /// How often [`Self::alive`] has to be called; none where systemd does not ask for it. By the
    /// loop that does the work, and by nothing beside it: else a loop that hangs looks alive.
    pub(super) const fn every(&self) -> Option<Duration> {
        self.every
    }

    /// What it was told can be done, and the loop begins; before the first sweep, which may take
    /// longer than systemd waits. Also after [`Self::reloading`], and with news: `systemctl status`
    /// shows the line.
    pub(super) fn ready(&self, status: &str) {
        // A line feed would begin another word to systemd.
        let status = line(status, 500);
        say(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    /// Policies are being read anew; [`Self::ready`] follows, also where they are wrong.
    pub(super) fn reloading(&self) {
        // systemd asks for the time with it since version 253.
        match NotifyState::monotonic_usec_now() {
            Ok(now) => say(&[NotifyState::Reloading, now]),
            Err(_) => say(&[NotifyState::Reloading]),
        }
    }

    pub(super) fn stopping(&self) {
        say(&[
            NotifyState::Stopping,
            NotifyState::Status("letting go of the watch"),
        ]);
    }

    /// The loop goes round.
    pub(super) fn alive(&self) {
        if self.every.is_some() {
            say(&[NotifyState::Watchdog]);
        }
    }
}

fn say(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;
    use std::process::Command;

    /// Run by the other test, in a process with an environment of its own.
    #[test]
    #[ignore = "it speaks to whoever the environment names"]
    fn speaks() {
        let systemd = Systemd::from_environment();
        let every = systemd.every().map(|every| every.as_secs());
        systemd.ready("sweep 1\nSTOPPING=1");
        systemd.ready(&format!("{every:?}"));
        systemd.alive();
        systemd.reloading();
        systemd.stopping();
    }

    /// What a process says whose environment has this besides the socket.
    fn heard(watchdog: Option<&str>) -> Vec<String> {
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
                "cli::watchdog::systemd::tests::speaks",
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
    fn systemd_hears_what_becomes_of_it() {
        let all = heard(Some("300000000"));
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
        let all = heard(None);
        assert_eq!(all.len(), 4, "nobody asked whether it lives: {all:?}");
        assert_eq!(all[1], "READY=1\nSTATUS=None");
    }

    #[test]
    fn where_nobody_waits_nothing_is_said() {
        Systemd { every: None }.alive();
        assert_eq!(line("a\nb", 9), "a b");
    }
}
