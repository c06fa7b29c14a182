//! `man`: the manual pages, from the same declarations as the help.

use super::verb::Finished;
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::model::hint::no_room;
use clap::Command;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// Write a page for each command into this folder, instead of printing the program's page
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

impl ManArgs {
    /// `all`: the whole command line.
    pub(super) fn print(&self, all: Command, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let Some(dir) = &self.dir else {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(all).render(&mut page);
            rendered.map_err(|error| {
                Failure::new(Exit::Failed, "cannot render the manual page").caused_by(&error)
            })?;
            let page = String::from_utf8_lossy(&page);
            if !reporter.is_for_machines() {
                reporter.raw(&page);
            }
            return Ok(Finished::done(ManDocument {
                page: Some(page.into_owned()),
                files: Vec::new(),
            }));
        };
        let files = write(all, dir).map_err(|error| {
            let message = format!("cannot write manual pages into {}", dir.display());
            let failure = Failure::new(Exit::Failed, message).caused_by(&error);
            let hints = no_room("name a folder that you may write to, with free space");
            hints.into_iter().fold(failure, Failure::hint)
        })?;
        let count = files.len();
        reporter.text(&format!("wrote {count} pages into {}", dir.display()));
        Ok(Finished::done(ManDocument { page: None, files }))
    }
}

/// Writes a page for each command and returns the files.
fn write(all: Command, dir: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(dir)?;
    clap_mangen::generate_to(all, dir)?;
    let entries = fs::read_dir(dir)?.flatten().map(|entry| entry.path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|end| end == "1");
    let mut files: Vec<PathBuf> = entries.filter(is_page).collect();
    files.sort();
    Ok(files)
}

/// The manual.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct ManDocument {
    /// The program's page; null with `--dir`.
    page: Option<String>,
    /// The files that were written.
    files: Vec<PathBuf>,
}
