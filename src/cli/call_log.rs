//! Where the log of calls goes: to standard error, when `-v` or RUST_LOG asks for it.

use super::stderr::aside;
use std::io::{self, IsTerminal as _, Write};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The log has our own lines alone: what the SDK and others log may hold what is signed and sent.
/// A filter takes all targets that begin as it does, so the colons belong to it.
const OURS: &str = "clusterup::";

/// Begins to log what the flags ask for, else what RUST_LOG does, else nothing.
pub(super) fn begin(verbose: u8, log: Option<&str>) {
    let wanted = match (verbose, log) {
        (0, None) => return,
        (0, Some(log)) => read(log),
        (1, _) => ours(LevelFilter::DEBUG),
        (_, _) => ours(LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(|| Talk);
    let all = tracing_subscriber::registry().with(lines.with_filter(wanted));
    // One that is there already is a test's.
    let _ = all.try_init();
}

fn ours(level: LevelFilter) -> Targets {
    Targets::new().with_target(OURS, level)
}

/// What RUST_LOG asks for of ours; nothing, and a warning, where it cannot be read.
fn read(log: &str) -> Targets {
    match log.parse::<Targets>() {
        Ok(all) => of_ours(&all),
        Err(error) => {
            aside(&format!("warning: RUST_LOG is not used: {error}"));
            aside("  help: write it as `debug`, or as `clusterup=trace`");
            Targets::new()
        }
    }
}

fn of_ours(all: &Targets) -> Targets {
    let named = all.iter().filter_map(|(target, level)| {
        let target = if target == "clusterup" { OURS } else { target };
        target.starts_with(OURS).then(|| (target.to_owned(), level))
    });
    let rest = ours(all.default_level().unwrap_or(LevelFilter::OFF));
    rest.with_targets(named)
}

/// Standard error, a line at a time. That it cannot be written ends nothing.
struct Talk;

impl Write for Talk {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut talk = io::stderr().lock();
        // A bar may stand on this line.
        if talk.is_terminal() {
            let _ = talk.write_all(b"\r\x1b[K");
        }
        let _ = talk.write_all(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn rust_log_asks_for_ours_alone() {
        for (log, debug, trace) in [
            ("trace", true, true),
            ("debug", true, false),
            ("DEBUG", true, false),
            ("info", false, false),
            ("off", false, false),
            ("clusterup=trace", true, true),
            ("clusterup::aws=debug,hyper=trace", true, false),
            ("trace,clusterup=off", false, false),
            ("aws_sigv4=trace", false, false),
            ("clusterup_other=trace", false, false),
            ("not=a=filter", false, false),
            ("clusterup=loud", false, false),
        ] {
            let wanted = read(log);
            let asked = |level| wanted.would_enable("clusterup::aws", &level);
            assert_eq!(
                (asked(Level::DEBUG), asked(Level::TRACE)),
                (debug, trace),
                "{log}"
            );
            for others in [
                "aws_sigv4",
                "hyper::client",
                "clusterup_other",
                "aws_config",
            ] {
                assert!(
                    !wanted.would_enable(others, &Level::ERROR),
                    "{log}: {others}"
                );
            }
        }
    }
}
