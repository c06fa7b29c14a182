//! How the environment reaches people on this terminal.

use super::prompt;
use super::screen::Streams;
use super::stderr::aside;
use super::waits::Waits;
use crate::app::environment::Terminal;
use rustix::termios::tcgetwinsize;
use std::os::fd::AsFd;
use std::rc::Rc;

pub(super) const TERMINAL: Terminal = Terminal {
    warn: aside,
    ask: prompt::ask,
    waits: || Rc::new(Waits::default()),
};

/// The columns of the terminals that standard output and standard error are; `None` where one is
/// none. `variable`: the value of COLUMNS, which comes first.
pub(super) fn columns(variable: Option<usize>) -> Streams<Option<usize>> {
    Streams {
        out: variable.or_else(|| of_terminal(std::io::stdout())),
        err: variable.or_else(|| of_terminal(std::io::stderr())),
    }
}

fn of_terminal(stream: impl AsFd) -> Option<usize> {
    let size = tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}
