//! The things outside the text that a stack names, for checks that are made once the stack is read:
//! they need the network, or what a plan needs to know.

use super::diag::Diagnostics;
use super::named::{Complaint, Named, What, diagnostics};
use super::source::Source;
use std::path::Path;

/// What a stack names, with the places.
#[derive(Debug, Clone)]
pub struct StackNames {
    sources: Vec<Source>,
    named: Vec<Named>,
}

impl StackNames {
    pub(super) const fn new(sources: Vec<Source>, named: Vec<Named>) -> Self {
        Self { sources, named }
    }

    /// The first thing of this kind with this text.
    pub fn by_text(&self, what: What, text: &str) -> Option<&Named> {
        let mut of_kind = self.named.iter().filter(|named| named.what == what);
        of_kind.find(|named| named.text == text)
    }

    /// The first thing of this kind with this path.
    pub fn by_path(&self, what: What, path: &Path) -> Option<&Named> {
        let mut of_kind = self.named.iter().filter(|named| named.what == what);
        of_kind.find(|named| named.path.as_deref() == Some(path))
    }

    /// The first thing of this kind that a step names. `text`: its text, if there can be several.
    pub fn of_step(&self, step: &str, what: What, text: Option<&str>) -> Option<&Named> {
        let is_step = |named: &&Named| named.what == What::Step;
        let mut names = self.named.iter();
        names.find(|named| is_step(named) && named.text == step)?;
        let mut own = names.take_while(|named| !is_step(named));
        own.find(|named| named.what == what && text.is_none_or(|text| named.text == text))
    }

    /// What is wrong with some of them, as it is shown; `None` if nothing is.
    pub fn findings(&self, complaints: &[(Named, Complaint)]) -> Option<Diagnostics> {
        let found = diagnostics(complaints.iter());
        (!found.is_empty()).then(|| Diagnostics::new(self.sources.clone(), found))
    }
}
