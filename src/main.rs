//! Argv in, exit code out.

use clusterup::cloud::local::cluster::leash;
use clusterup::run::clock::SystemClock;
use clusterup::run::supervisor::supervise;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let verb = args.next().unwrap_or_default();
    let args: Vec<_> = args.collect();
    match (verb.to_str(), args.as_slice()) {
        (Some("leash"), args) => leash(args),
        (Some("supervise"), [folder]) => {
            match supervise(Path::new(folder), Arc::new(SystemClock)).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&error.to_string()),
            }
        }
        _ => ExitCode::from(2),
    }
}

#[expect(clippy::print_stderr, reason = "the log of the supervisor")]
fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}
