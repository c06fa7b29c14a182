//! Programs that a test starts. They end with the test, also if it fails.

use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, Output};

/// A child process, killed when this is dropped.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }
}

/// Waits for its end, and for the end of its output.
impl From<Running> for Output {
    fn from(mut program: Running) -> Self {
        program.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.0.as_ref().unwrap()
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // One that has been waited for is not killed: its id may be another process's.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn a_program_ends_with_the_test_that_started_it() {
    let started = std::sync::Mutex::new(0);
    let fails = std::panic::AssertUnwindSafe(|| {
        let program = Running::start(Command::new("sleep").arg("600"));
        *started.lock().unwrap() = program.id();
        std::panic::resume_unwind(Box::new("as an assertion does"));
    });
    assert!(std::panic::catch_unwind(fails).is_err());
    let id = started.into_inner().unwrap_or_else(|it| it.into_inner());
    assert!(id > 0);
    assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
}
