//! What is asked for, and who gets it.

use super::live::Ssh;
use crate::app::diagnosis::Given;
use crate::app::target::TargetChoice;
use crate::diagnose::records::{Filter, Record, Selection};
use crate::model::name::{ClusterId, StackName};

/// Which records to show.
pub(crate) struct Request<'a> {
    pub(crate) given: &'a Given,
    pub(crate) choice: &'a TargetChoice,
    pub(crate) selection: Selection,
    pub(crate) filter: Filter,
    /// Reads the logs of running steps on the primary, where this machine can reach it.
    pub(crate) live: Option<&'a Ssh>,
}

/// A record to show.
pub(crate) struct Shown<'a> {
    /// The short name of its log, on one line.
    pub(crate) source: &'a str,
    /// The characters of the longest such name.
    pub(crate) width: usize,
    /// The name of its log.
    pub(crate) log: &'a str,
    pub(crate) record: &'a Record,
}

/// Gets the records in their order. Both return false once no more is wanted.
pub(crate) trait Sink {
    fn show(&mut self, shown: &Shown<'_>) -> bool;
    /// Nothing follows for the moment.
    fn flush(&mut self) -> bool;
}

/// What was shown.
pub(crate) struct Report {
    pub(crate) stack: Option<StackName>,
    pub(crate) cluster: Option<ClusterId>,
    /// The names of the logs.
    pub(crate) logs: Vec<String>,
}
