//! `schema` and `completions`: support for editors and shells.

use super::args::{Args, Document};
use super::failure::{Exit, Failure};
use super::screen::Screen;
use crate::text;
use clap::CommandFactory;
use serde_json::json;

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
    let script = String::from_utf8_lossy(&script);
    if !screen.is_for_machines() {
        screen.raw(&script);
    }
    let fields = json!({ "shell": shell.to_string(), "script": script });
    screen.document("completions", Exit::Done.code(), fields);
}
