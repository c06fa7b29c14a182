//! Notices on standard error, for a journal or a terminal.

use super::{Channel, plain};
use crate::cloud::CloudError;
use crate::model::notice::Notice;
use async_trait::async_trait;
use std::io::Write;

/// The channel that writes to standard error.
#[derive(Debug, Clone, Copy)]
pub struct Stderr;

#[async_trait(?Send)]
impl Channel for Stderr {
    fn name(&self) -> &'static str {
        "stderr"
    }

    async fn send(&self, notice: &Notice) -> Result<(), CloudError> {
        let text = format!("{}\n", plain(notice).replace('\n', "\n  "));
        // If standard error is closed, nobody reads it.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        Ok(())
    }
}
