//! `schema` and `completions`: for editors and shells.

use super::args::{Args, Document};
use super::failure::{Exit, Failure};
use super::screen::Screen;
use crate::text;
use clap::CommandFactory;

pub(super) fn run(of: Document, screen: &Screen) -> Result<Exit, Failure> {
    let schema = match of {
        Document::Stack => text::json_schema(),
        Document::Policy => text::policy_schema(),
    };
    screen.raw(&format!("{schema:#}"));
    Ok(Exit::Done)
}

pub(super) fn completions(shell: clap_complete::Shell, screen: &Screen) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "clusterup", &mut script);
    screen.raw(&String::from_utf8_lossy(&script));
}
