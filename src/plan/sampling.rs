//! What `--sample` stages of each data set.

use super::keys::Keys;
use super::refusal::Refusal;
use crate::model::facts::{Facts, Input};
use crate::model::name::DataName;
use crate::model::stack::{Data, Stack};

/// Which data sets are sampled, which first lines stay, and which files are staged whole.
pub(super) fn notes(stack: &Stack, facts: &Facts, keys: &Keys<'_>) -> Vec<String> {
    let Some(share) = facts.sample else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    let mut sampled = Vec::new();
    let mut headers = Vec::new();
    let mut whole = Vec::new();
    for (name, data, input) in may_be_sampled(stack, facts) {
        let staged = keys.staged(name, input);
        let mut samplings = staged.iter().filter_map(|one| one.sampling).peekable();
        if samplings.peek().is_some() {
            sampled.push(name.as_str());
        } else if staged.len() == input.files() {
            whole.push(name.as_str());
        } else {
            notes.push(format!(
                "on {} of the {} files of {name}: {share} of them",
                staged.len(),
                input.files()
            ));
        }
        if data.header.is_none() && samplings.any(|sampling| sampling.header) {
            headers.push(name);
        }
    }
    if !sampled.is_empty() {
        notes.push(format!("on {share} of the lines of {}", sampled.join(", ")));
    }
    notes.extend(headers.into_iter().map(|name| {
        format!(
            "the first line of {name} is kept as its header; if it is data, add header: false \
             to data.{name}"
        )
    }));
    if !whole.is_empty() {
        notes.push(format!(
            "all of {}: a sample takes lines, which compressed and binary files do not have",
            whole.join(", ")
        ));
    }
    notes
}

/// Refuses a sample of a stack that stages nothing to take it of.
pub(super) fn nothing_to_sample(stack: &Stack, facts: &Facts) -> Option<Refusal> {
    facts.sample?;
    may_be_sampled(stack, facts).next().is_none().then(|| {
        Refusal::new(
            "there is nothing to take a sample of: the stack stages no data that may be sampled",
            "leave --sample out",
        )
    })
}

fn may_be_sampled<'a>(
    stack: &'a Stack,
    facts: &'a Facts,
) -> impl Iterator<Item = (&'a DataName, &'a Data, &'a Input)> {
    let sampled = stack.data.iter().filter(|(_, data)| data.sampled);
    sampled.filter_map(|(name, data)| {
        let input = facts.data.get(name)?;
        (input.files() > 0).then_some((name, data, input))
    })
}
