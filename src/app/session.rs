//! What every use case works with: the environment, and whom it reports to. A
//! [`Target`](super::target::Target) belongs to a session.

use super::environment::Environment;
use super::reporter::Reporter;
use std::rc::Rc;

pub(crate) struct Session {
    pub(crate) environment: Environment,
    pub(crate) reporter: Rc<dyn Reporter>,
}
