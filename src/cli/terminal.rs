//! How the environment reaches people on this terminal.

use super::prompt;
use super::stderr::aside;
use super::waits::Waits;
use crate::app::environment::Terminal;
use std::rc::Rc;

pub(super) const TERMINAL: Terminal = Terminal {
    warn: aside,
    ask: prompt::ask,
    waits: || Rc::new(Waits::default()),
};
