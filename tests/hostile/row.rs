//! One row of the table.

use clusterup::model::shown;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Paths,
    Names,
    Markers,
    Tags,
    Objects,
    Connections,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Paths,
        Self::Names,
        Self::Markers,
        Self::Tags,
        Self::Objects,
        Self::Connections,
    ];
}

/// What never happens, whatever the input is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Never {
    /// Files outside of the results, good earlier results and others' entries are as they were.
    Lost,
    /// No cluster ends.
    Ended,
    /// No file from outside, no secret, no page without the token.
    Read,
}

#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    never: Never,
    name: &'static str,
    input: String,
    /// Panics where it does not hold.
    proof: fn(&str),
}

impl Row {
    pub(crate) fn holds(&self) -> bool {
        catch_unwind(AssertUnwindSafe(|| (self.proof)(&self.input))).is_ok()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            never,
            name,
            input,
            ..
        } = self;
        let input = shown::line(&format!("{input:?}"), 120);
        write!(f, "{kind:?}: {name}: {input} -> never {never:?}")
    }
}

/// Rows that are proved alike: a name and the hostile input of each.
pub(crate) fn table<I: Into<String> + Clone>(
    kind: Kind,
    never: Never,
    proof: fn(&str),
    rows: &[(&'static str, I)],
) -> Vec<Row> {
    let row = |(name, input): &(&'static str, I)| Row {
        kind,
        never,
        name,
        input: input.clone().into(),
        proof,
    };
    rows.iter().map(row).collect()
}
