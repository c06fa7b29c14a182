//! `schema` and `completions`: for editors and shells.

use super::args::Args;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use crate::text;
use clap::CommandFactory;

pub(super) fn run(screen: &Screen) -> Result<Exit, Failure> {
    screen.raw(&format!("{:#}", text::json_schema()));
    Ok(Exit::Done)
}

pub(super) fn completions(shell: clap_complete::Shell, screen: &Screen) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "clusterup", &mut script);
    screen.raw(&String::from_utf8_lossy(&script));
}
