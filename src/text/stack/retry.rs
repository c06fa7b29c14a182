//! `retry` of a job: when it runs again after a failure.

use crate::model::diagnosis::FailureClass;
use crate::model::retry::{Factor, Retry};
use crate::text::collections::{Unique, list};
use crate::text::field::record;
use crate::text::format::Format;
use crate::text::types::{Whole, Words};

const FACTOR: Format<Factor> = Format::of(r"x(1\.[1-9][0-9]?|[2-7](\.[0-9]{1,2})?|8(\.00?)?)");

/// The failures that another attempt can end well after.
const CLASSES: Words<FailureClass, 4> = Words([
    (
        "out_of_memory",
        FailureClass::OutOfMemory,
        "A process ran out of memory, or was killed because of its memory.",
    ),
    (
        "executor_lost",
        FailureClass::ExecutorLost,
        "An executor was lost for another reason.",
    ),
    (
        "spot_lost",
        FailureClass::SpotLost,
        "AWS took a Spot instance back.",
    ),
    (
        "network",
        FailureClass::Network,
        "The network failed, or a service did not answer.",
    ),
]);

record! {
    /// When a failed job runs again. The `apply` that follows the job starts it, within the budget.
    pub(super) RETRY: Retry = |at| {
        /// The classes of failures, as `diagnose` names them.
        on: required = list(CLASSES, Unique::ByText, "a class of failures", "out_of_memory").filled(),
            "[out_of_memory, executor_lost, spot_lost]";
        /// By how much the memory that was too small grows, up to what a node gives.
        memory: default("x2") = FACTOR, "x1.5";
        /// How often the job runs at most, the first time included.
        attempts: default("2") = Whole(1, 5, "a number of attempts"), "3";
    } => Retry { on, memory, attempts };
}
