//! How a use case reports to people: the command line prints, others may collect.

use super::failure::Failure;
use crate::app::document::Document;
use crate::model::event::Listener;
use crate::model::hint::{Command, CommandContext, Hint};
use crate::model::name::{PolicyName, TeamName};
use crate::model::percent::Percent;
use crate::text::Diagnostics;

/// Results go to `text`, `raw` and `record`; messages about them to the rest.
pub(crate) trait Reporter {
    /// Shows data to people; nothing if the output is for machines.
    fn text(&self, text: &str);

    /// Writes data unchanged.
    fn raw(&self, text: &str);

    /// Writes one of many records, as text or as one line of JSON; false if nobody reads anymore.
    fn record(&self, text: &str, record: &Document) -> bool;

    /// Whether the output is one JSON document.
    fn is_for_machines(&self) -> bool;

    /// Shows a message.
    fn say(&self, text: &str);

    /// Shows the error of one of several things; the others continue.
    fn failure_of_many(&self, failure: &Failure);

    /// Shows findings in the user's files.
    fn diagnostics(&self, diagnostics: &Diagnostics);

    /// Shows advice below a message, indented.
    fn hints(&self, hints: &[Hint], indent: usize);

    /// Formats advice in one or more lines.
    fn advice(&self, hint: &Hint, indent: usize) -> String;

    /// Formats a command in one line, so that it can be pasted.
    fn next(&self, command: &Command, indent: usize) -> String;

    /// What completes the commands that messages advise.
    fn here(&self) -> &CommandContext;

    /// Warns that the team has reached these shares of its budgets.
    fn reached(&self, shares: &[(PolicyName, Percent)], team: &TeamName);

    /// Begins to show the progress of a longer operation.
    fn progress(&self) -> Box<dyn Progress + '_>;
}

/// Shows the events of an operation.
pub(crate) trait Progress: Listener {
    /// Removes what shows the current activity, before something else is shown.
    fn clear(&self);

    /// Draws again what changes with time alone.
    fn tick(&self);
}
