//! argv in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    clusterup::cli::main(std::env::args_os())
}
