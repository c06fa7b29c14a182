//! Standard output. What cannot be written there is not lost in silence: a reader who has gone away
//! is no error, everything else is.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Write};

#[derive(Default)]
pub(super) struct Stdout {
    /// Why nothing more is written.
    ended: RefCell<Option<io::Error>>,
}

impl Stdout {
    /// False where nothing can be written any more.
    pub(super) fn write(&self, text: &str) -> bool {
        if self.ended.borrow().is_none() {
            let mut out = io::stdout().lock();
            let written = out.write_all(text.as_bytes());
            self.note(written.and_then(|()| out.flush()));
        }
        self.ended.borrow().is_none()
    }

    /// What came of writing there otherwise.
    pub(super) fn note(&self, written: io::Result<()>) {
        if let Err(error) = written {
            self.ended.borrow_mut().get_or_insert(error);
        }
    }

    /// Why the output is not whole, where somebody may miss the rest.
    pub(super) fn lost(&self) -> Option<String> {
        let ended = self.ended.borrow();
        let error = ended
            .as_ref()
            .filter(|error| error.kind() != ErrorKind::BrokenPipe)?;
        Some(format!("standard output cannot be written: {error}"))
    }
}
