//! The flag `--html` of commands that also write what they show as a document.

use crate::app::document_file;
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::chart;
use std::path::PathBuf;

#[derive(Debug, Default, clap::Args)]
pub(super) struct DocumentArgs {
    /// Also write a document with charts to this file; it needs no network to be viewed
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Replace FILE even if clusterup did not write it
    #[arg(long, requires = "html")]
    force: bool,
}

impl DocumentArgs {
    pub(super) const fn is_asked_for(&self) -> bool {
        self.html.is_some()
    }

    /// Writes the document, if that is asked for, and returns its path.
    pub(super) fn write(
        &self,
        text: impl FnOnce() -> String,
        session: &Session,
    ) -> Result<Option<String>, Failure> {
        let Some(path) = &self.html else {
            return Ok(None);
        };
        document_file::write(path, &text(), chart::START, self.force)?;
        let path = path.display().to_string();
        session.reporter.say(&format!("wrote {path}"));
        Ok(Some(path))
    }
}
