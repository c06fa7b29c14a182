//! Python's exceptions: the driver's, and those of workers inside messages of Java's.

use super::log::{Log, TRACEBACK};
use super::owner::owner_of;
use super::python;
use crate::model::diagnosis::FailureOwner;

/// Packages of Java and Scala, whose exceptions end no traceback of Python's.
const JAVA: [&str; 5] = ["java.", "javax.", "scala.", "org.apache.", "com.amazon"];

/// A place in the user's own code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) number: u64,
    /// The index of the line that names it.
    pub(super) line: usize,
}

/// An exception with its traceback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raised {
    pub(super) owner: FailureOwner,
    /// The index of the line that begins its traceback.
    pub(super) first: usize,
    /// The index of the line that names it.
    pub(super) line: usize,
    /// Its last frame in the user's own code.
    pub(super) place: Option<Place>,
}

/// The exceptions of a block, in their order.
pub(super) fn raised(log: &Log<'_>, block: usize) -> Vec<Raised> {
    let mut found = Vec::new();
    let mut open: Option<(usize, Option<Place>)> = None;
    for line in log.lines_of(block) {
        let text = log.text(line);
        if text.contains(TRACEBACK) {
            open = Some((line, None));
        } else if let Some(frame) = text.strip_prefix("  File \"") {
            let (_, place) = open.get_or_insert((line, None));
            *place = own(frame, line).or(place.take());
        } else if !text.starts_with([' ', '\t'])
            && !text.is_empty()
            && let Some((first, place)) = open.take()
            && names_exception(text)
        {
            found.push(Raised {
                owner: owner_of(log, line),
                first,
                line,
                place,
            });
        }
    }
    found
}

/// Whether a line begins with the name of a class of Python's, or carries a message of Java's. Lines
/// of a log that is cut do not.
fn names_exception(text: &str) -> bool {
    let (name, _) = text.split_once(':').unwrap_or((text, ""));
    let class = name.rsplit('.').next().unwrap_or_default();
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let is_class = class.contains(char::is_lowercase)
        && class
            .trim_start_matches('_')
            .starts_with(char::is_uppercase);
    let is_javas = JAVA.iter().any(|start| name.starts_with(start));
    name.is_empty() || name.chars().all(part) && is_class && !is_javas
}

fn own(frame: &str, line: usize) -> Option<Place> {
    let (file, number) = python::own(frame)?;
    Some(Place {
        file,
        number: number.parse().ok()?,
        line,
    })
}

impl Raised {
    /// Whether it only carries the message of another exception.
    pub(super) fn is_wrapper(&self, log: &Log<'_>) -> bool {
        let text = log.text(self.line);
        let is_py4js = text.starts_with("py4j.") || text.starts_with(':');
        is_py4js || python::wraps(text) || text.contains("Job aborted due to stage failure")
    }

    /// Its name and message on one line, without PySpark's module.
    pub(super) fn text<'a>(&self, log: &'a Log<'_>) -> &'a str {
        python::without_module(log.text(self.line))
    }
}
