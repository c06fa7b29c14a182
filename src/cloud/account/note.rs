//! The bucket's note of a cluster confirms the deadlines in its tags. Anybody who may tag clusters
//! can write tags, but only those who run clusterup can write notes. A deadline in tags counts only
//! if the note has the digest of those tags.

use super::Account;
use super::errors::Context;
use super::names::{self, SIZES};
use super::{layout, spec};
use crate::cloud::CloudError;
use crate::cloud::api::s3::{Condition, GetObject};
use crate::cloud::api::{Api, ApiError, Kind, Tags};
use crate::model::hex::hex;
use crate::model::name::{ClusterId, StackName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The content of `clusters/ID`. An older clusterup wrote an empty object.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// Digests of the allowed tags: two while they are being changed.
    terms: Vec<String>,
}

/// Whether a cluster's note confirms its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoteCheck {
    Confirmed,
    /// The note is of an older clusterup and has no terms.
    WithoutTerms,
    Missing,
    Different,
}

impl NoteCheck {
    /// Whether a cluster's own tags may move its safeguards. An older clusterup wrote no terms.
    pub(super) const fn is_trusted(&self) -> bool {
        matches!(self, Self::Confirmed | Self::WithoutTerms)
    }

    /// Why the tags do not count; `None` if they do.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Confirmed => None,
            Self::WithoutTerms => Some(
                "its note was written by an older clusterup and has no \
                deadline",
            ),
            Self::Missing => Some("the bucket has no note of it"),
            Self::Different => Some("its tags differ from its note"),
        }
    }
}

/// The digest of all tags that determine when a cluster ends: its spec, its sizes, its extensions.
pub(super) fn terms(tags: &Tags) -> String {
    let mut digest = Sha256::new();
    let mut feed = |text: &str| {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    };
    feed("terms 1");
    feed(&spec::packed(tags).unwrap_or_default());
    feed(tags.get(SIZES).map_or("", String::as_str));
    for number in 0..names::MAX_EXTENSIONS {
        feed(
            tags.get(&names::extended(number))
                .map_or("", String::as_str),
        );
    }
    hex(&digest.finalize()[..16])
}

/// The content of a note with these terms; empty, as an older clusterup wrote it, if there are
/// none.
pub(super) fn body(terms: &[String]) -> Vec<u8> {
    if terms.is_empty() {
        return Vec::new();
    }
    let terms = terms.to_vec();
    serde_json::to_vec(&Note { terms }).unwrap_or_default()
}

fn compare(body: &[u8], tags: &Tags) -> NoteCheck {
    if body.is_empty() {
        return NoteCheck::WithoutTerms;
    }
    let note: Note = serde_json::from_slice(body).unwrap_or_default();
    if note.terms.contains(&terms(tags)) {
        NoteCheck::Confirmed
    } else {
        NoteCheck::Different
    }
}

impl<A: Api> Account<A> {
    /// Reads a cluster's note and compares it with the cluster's tags.
    ///
    /// # Errors
    /// Returns an error if the note cannot be read.
    pub(super) async fn check_note(
        &self,
        stack: &StackName,
        id: &str,
        tags: &Tags,
    ) -> Result<NoteCheck, CloudError> {
        let bucket = self.bucket().await?;
        let key = layout::cluster(stack, id);
        let read: Result<_, ApiError> = self.api.serve(GetObject::note(bucket, key)).await;
        match read {
            Err(error) if error.kind == Kind::NotFound => Ok(NoteCheck::Missing),
            read => {
                let read = read.with_context(|| format!("read the note of cluster {id}"))?;
                Ok(compare(&read.body, tags))
            }
        }
    }

    /// Whether a cluster's tags are those that its note confirmed, or that this process wrote. The note is
    /// read again only if the tags have changed.
    pub(super) async fn are_confirmed(&self, stack: &StackName, id: &ClusterId) -> bool {
        let tags = {
            let observed = self.observed.borrow();
            let observed = observed.clusters.get(id);
            observed.map_or(Tags::new(), |observed| observed.cluster.tags.clone())
        };
        let terms = terms(&tags);
        if self.observed.borrow().confirmed.get(id) == Some(&terms) {
            return true;
        }
        let note = self.check_note(stack, id.as_str(), &tags).await;
        let is_confirmed = note.is_ok_and(|note| note.is_trusted());
        if is_confirmed {
            let mut observed = self.observed.borrow_mut();
            observed.confirmed.insert(id.clone(), terms);
        }
        is_confirmed
    }

    /// Writes the terms that a cluster may have.
    pub(super) async fn note(
        &self,
        stack: &StackName,
        id: &str,
        terms: &[String],
    ) -> Result<(), CloudError> {
        let key = layout::cluster(stack, id);
        let put = self.put(&key, body(terms), Condition::Always).await;
        put.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(own).collect()
    }

    const MADE: [(&str, &str); 3] = [
        ("clusterup-spec-0", "abc"),
        ("clusterup-spec-1", ""),
        ("clusterup-sizes", "0=1"),
    ];

    #[test]
    fn every_tag_that_determines_the_end_is_in_the_terms() {
        let made = tags(&MADE);
        for (key, value) in [
            ("clusterup-spec-0", "abd"),
            ("clusterup-spec-0", ""),
            ("clusterup-sizes", "0=2"),
            (
                "clusterup-extended-0",
                "2026-11-21T04:00:00Z max_lifetime=1s by=me why=x",
            ),
            ("clusterup-extended-7", "x"),
        ] {
            let mut other = made.clone();
            other.insert(key.to_owned(), value.to_owned());
            assert_ne!(terms(&other), terms(&made), "{key}={value}");
        }
        for (key, value) in [
            ("owner", "ada"),
            ("clusterup-watchdog", "x"),
            ("clusterup-deadline", "1"),
            ("clusterup-spec-2", "left of a longer one"),
        ] {
            let mut other = made.clone();
            other.insert(key.to_owned(), value.to_owned());
            assert_eq!(terms(&other), terms(&made), "{key}={value}");
        }
    }

    #[test]
    fn a_note_confirms_its_own_tags_only() {
        let made = tags(&MADE);
        let note = |all: &[&Tags]| body(&all.iter().map(|it| terms(it)).collect::<Vec<_>>());
        let other = tags(&[("clusterup-sizes", "0=9")]);
        assert_eq!(compare(&note(&[&made]), &made), NoteCheck::Confirmed);
        assert_eq!(
            compare(&note(&[&other, &made]), &made),
            NoteCheck::Confirmed
        );
        assert_eq!(compare(&note(&[&other]), &made), NoteCheck::Different);
        assert_eq!(compare(b"", &made), NoteCheck::WithoutTerms);
        for text in [
            &b"{}"[..],
            b"{",
            b"null",
            b"\xff",
            b"[]",
            br#"{"terms":[]}"#,
        ] {
            assert_eq!(compare(text, &made), NoteCheck::Different);
        }
    }
}
