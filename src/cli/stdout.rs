//! Standard output. A reader that has closed it is not an error; every other failure is reported.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Write};

#[derive(Default)]
pub(super) struct Stdout {
    /// The error that ended writing.
    ended: RefCell<Option<io::Error>>,
}

impl Stdout {
    /// Writes text; false once nothing can be written anymore.
    pub(super) fn write(&self, text: &str) -> bool {
        if self.ended.borrow().is_none() {
            let mut out = io::stdout().lock();
            let written = out.write_all(text.as_bytes());
            self.note(written.and_then(|()| out.flush()));
        }
        self.ended.borrow().is_none()
    }

    /// Notes the result of a write that was made elsewhere.
    pub(super) fn note(&self, written: io::Result<()>) {
        if let Err(error) = written {
            self.ended.borrow_mut().get_or_insert(error);
        }
    }

    /// Why output was lost; `None` if it was not, or if the reader closed it.
    pub(super) fn lost(&self) -> Option<String> {
        let ended = self.ended.borrow();
        let error = ended
            .as_ref()
            .filter(|error| error.kind() != ErrorKind::BrokenPipe)?;
        Some(format!("standard output cannot be written: {error}"))
    }
}
