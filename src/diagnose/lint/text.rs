//! Texts that are known in part: `"s3://" + bucket + "/x"`, or an argument of the step.

use crate::model::stack::{Arg, Piece};

/// A text in parts, none of which is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Text(Vec<Part>);

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// The script has it.
    Known(String),
    /// The step gives it as an argument.
    Given(String),
    /// A location that the stack gives: `${data.NAME}`, `${results}` or `${scratch}`.
    Place(Piece),
    /// Nothing is known of it.
    Unknown,
}

/// The longest text that is followed, in bytes. A script can double a text with each statement.
const MAX_BYTES: usize = 4_096;
/// The most parts of a text.
const MAX_PARTS: usize = 64;

impl Text {
    pub(super) fn known(text: &str) -> Self {
        Self::of(vec![Part::Known(text.to_owned())])
    }

    pub(super) fn unknown() -> Self {
        Self(vec![Part::Unknown])
    }

    /// An argument of the step.
    pub(super) fn given(arg: &Arg) -> Self {
        let part = |piece: &Piece| match piece {
            Piece::Text(text) => Part::Given(text.clone()),
            Piece::Data(_) | Piece::Results | Piece::Scratch => Part::Place(piece.clone()),
        };
        Self::of(arg.iter().map(part).collect())
    }

    fn of(parts: Vec<Part>) -> Self {
        let mut text = Self::default();
        for part in parts {
            text.push(part);
        }
        text
    }

    fn push(&mut self, part: Part) {
        if matches!(&part, Part::Known(text) | Part::Given(text) if text.is_empty()) {
            return;
        }
        match (self.0.last_mut(), &part) {
            (Some(Part::Known(last)), Part::Known(more)) if last.len() + more.len() < MAX_BYTES => {
                last.push_str(more);
                return;
            }
            (Some(Part::Unknown), Part::Unknown) => return,
            _ => {}
        }
        let is_long = matches!(&part, Part::Known(text) if text.len() > MAX_BYTES);
        if is_long || self.0.len() >= MAX_PARTS {
            self.cut();
        } else {
            self.0.push(part);
        }
    }

    /// What follows is not known.
    fn cut(&mut self) {
        if self.0.last() != Some(&Part::Unknown) {
            self.0.push(Part::Unknown);
        }
    }

    /// This text and then another.
    pub(super) fn and(mut self, more: &Self) -> Self {
        for part in &more.0 {
            self.push(part.clone());
        }
        self
    }

    /// Its first part; `None` if it is empty.
    pub(super) fn first(&self) -> Option<&Part> {
        self.0.first()
    }

    /// All of it, if the script itself has it.
    pub(super) fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Known(text)] => Some(text),
            _ => None,
        }
    }

    /// All of it, if the script and the step's arguments tell.
    pub(super) fn whole(&self) -> Option<String> {
        let part = |part: &Part| match part {
            Part::Known(text) | Part::Given(text) => Some(text.clone()),
            Part::Place(_) | Part::Unknown => None,
        };
        self.0.iter().map(part).collect()
    }

    /// What the script and the step's arguments tell of its beginning.
    pub(super) fn beginning(&self) -> String {
        let part = |part: &Part| match part {
            Part::Known(text) | Part::Given(text) => Some(text.clone()),
            Part::Place(_) | Part::Unknown => None,
        };
        self.0.iter().map_while(part).collect()
    }

    /// What the script itself has at its start.
    pub(super) fn start(&self) -> &str {
        match self.first() {
            Some(Part::Known(text)) => text,
            _ => "",
        }
    }

    /// The stack's location that it begins with.
    pub(super) fn place(&self) -> Option<&Piece> {
        match self.first() {
            Some(Part::Place(piece)) => Some(piece),
            _ => None,
        }
    }

    /// Whether nothing is known of its start.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.first(), Some(Part::Unknown))
    }

    /// The path of `name` below this one, as `os.path.join` forms it.
    pub(super) fn join(self, name: &Self) -> Self {
        if name.start().starts_with('/') {
            return name.clone();
        }
        let ends = match self.0.last() {
            Some(Part::Known(text) | Part::Given(text)) => text.ends_with('/'),
            Some(Part::Place(_) | Part::Unknown) | None => false,
        };
        let slash = if self.0.is_empty() || ends { "" } else { "/" };
        self.and(&Self::known(slash)).and(name)
    }
}
