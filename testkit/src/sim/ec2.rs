//! EC2's key pairs, and the filters of its lists.

use super::groups::SecurityGroup;
use super::refusal::Refusal;
use super::world::{Answer, State, ec2_id};
use chrono::{DateTime, Utc};
use clusterup::cloud::api::ec2::{DeleteKeyPair, DescribeKeyPairs, Filter, ImportKeyPair, KeyPair};
use clusterup::cloud::api::{Kind, Tags};
use std::collections::BTreeMap;

/// How long a new thing may stay out of lists.
pub(super) const UNSEEN_SECONDS: u64 = 5;

#[derive(Default)]
pub(super) struct Ec2 {
    /// By their names.
    pub(super) key_pairs: BTreeMap<String, Fresh<KeyPair>>,
    /// By their ids.
    pub(super) groups: BTreeMap<String, Fresh<SecurityGroup>>,
}

/// Something that lists do not show at once.
pub(super) struct Fresh<T> {
    pub(super) it: T,
    pub(super) seen_from: DateTime<Utc>,
}

pub(super) fn wrong(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Invalid, code, message)
}

/// Refuses what EC2 refuses of new tags.
pub(super) fn check_tags(tags: &Tags) -> Result<(), Refusal> {
    let long = |(key, value): (&String, &String)| {
        key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256
    };
    if tags.len() > 50 || tags.iter().any(long) {
        return Err(wrong(
            "InvalidParameterValue",
            "Tag keys or values too long",
        ));
    }
    if tags.keys().any(|key| key.starts_with("aws:")) {
        let message = "Tag keys starting with 'aws:' are reserved for internal use";
        return Err(wrong("InvalidParameterValue", message));
    }
    Ok(())
}

/// Whether a thing passes all filters, each with any of its values. `fields` are those that filters
/// may name, with their values.
pub(super) fn passes(
    filters: &[Filter],
    fields: &[(&str, &str)],
    tags: &Tags,
) -> Result<bool, Refusal> {
    let mut all = true;
    for filter in filters {
        let any = |text: &str| filter.values.iter().any(|value| like(value, text));
        all &= if let Some(key) = filter.name.strip_prefix("tag:") {
            tags.get(key).is_some_and(|value| any(value))
        } else if filter.name == "tag-key" {
            tags.keys().any(|key| any(key))
        } else if let Some((_, value)) = fields.iter().find(|(name, _)| *name == filter.name) {
            any(value)
        } else {
            let message = format!("The filter '{}' is invalid", filter.name);
            return Err(wrong("InvalidParameterValue", message));
        };
    }
    Ok(all)
}

/// EC2's filters take `*` for anything.
fn like(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    let mut tails = text.char_indices().map(|(at, _)| &text[at..]).chain([""]);
    tails.any(|tail| like(rest, tail))
}

impl Answer for DescribeKeyPairs {
    fn answer(self, state: &mut State) -> Result<Vec<KeyPair>, Refusal> {
        let mut found = Vec::new();
        for pair in state.ec2.key_pairs.values() {
            let passes = passes(&self.filters, &[("key-name", &pair.it.name)], &pair.it.tags)?;
            if passes && pair.seen_from <= state.now {
                found.push(pair.it.clone());
            }
        }
        Ok(found)
    }
}

impl Answer for ImportKeyPair {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        check_tags(&self.tags)?;
        if self.name.is_empty() || self.name.len() > 255 || !self.name.is_ascii() {
            return Err(wrong("InvalidParameterValue", "Invalid key pair name"));
        }
        let mut words = self.public_key.split_whitespace();
        let (kind, key) = (words.next(), words.next());
        let (Some(kind @ ("ssh-ed25519" | "ssh-rsa")), Some(key)) = (kind, key) else {
            return Err(wrong(
                "InvalidKey.Format",
                "Key is not in valid OpenSSH format",
            ));
        };
        if state.ec2.key_pairs.contains_key(&self.name) {
            let message = format!("The keypair '{}' already exists.", self.name);
            return Err(Refusal::new(
                Kind::Exists,
                "InvalidKeyPair.Duplicate",
                message,
            ));
        }
        let pair = KeyPair {
            id: ec2_id(&state.rng, "key"),
            name: self.name.clone(),
            public_key: format!("{kind} {key} {}", self.name),
            tags: self.tags,
        };
        let seen_from = state.seen_from(UNSEEN_SECONDS);
        let pair = Fresh {
            it: pair,
            seen_from,
        };
        state.ec2.key_pairs.insert(self.name, pair);
        Ok(())
    }
}

impl Answer for DeleteKeyPair {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.ec2.key_pairs.retain(|_, pair| pair.it.id != self.id);
        Ok(())
    }
}
