//! What the bucket says a cluster was made as. Tags may be written by anybody who may tag clusters,
//! the bucket by those who run clusterup alone: a deadline in tags is one of ours only where the note
//! of that cluster agrees with them.

use super::Account;
use super::errors::Doing;
use super::names::{self, SIZES};
use super::{convert, place, spec};
use crate::cloud::CloudError;
use crate::cloud::api::s3::{Condition, GetObject};
use crate::cloud::api::{Api, ApiError, Kind, Tags};
use crate::model::hex::hex;
use crate::model::name::StackName;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The content of `clusters/ID`. That of an older clusterup is empty.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// Digests of the tags that it may have: two while they are being changed.
    terms: Vec<String>,
}

/// What a cluster's note says of its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Agrees,
    /// An older clusterup wrote the note, which does not say.
    Older,
    Missing,
    Disagrees,
}

impl Word {
    /// Why the tags are not believed; none where they are.
    pub(super) fn why(&self) -> Option<&'static str> {
        match self {
            Self::Agrees => None,
            Self::Older => Some("an older clusterup noted it without its deadline"),
            Self::Missing => Some("the bucket has no note of it"),
            Self::Disagrees => Some("its tags are not those that its stack's note has"),
        }
    }
}

/// Of all tags that say when a cluster ends: what it was made as, its sizes, its moved deadlines.
pub(super) fn terms(tags: &Tags) -> String {
    let mut digest = Sha256::new();
    let mut feed = |text: &str| {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    };
    feed("terms 1");
    feed(&spec::packed(tags).unwrap_or_default());
    feed(tags.get(SIZES).map_or("", String::as_str));
    for number in 0..convert::MOST_EXTENSIONS {
        feed(
            tags.get(&names::extended(number))
                .map_or("", String::as_str),
        );
    }
    hex(&digest.finalize()[..16])
}

/// A note of these terms; where there are none, as an older clusterup wrote it.
pub(super) fn body(terms: &[String]) -> Vec<u8> {
    if terms.is_empty() {
        return Vec::new();
    }
    let terms = terms.to_vec();
    serde_json::to_vec(&Note { terms }).unwrap_or_default()
}

fn word(body: &[u8], tags: &Tags) -> Word {
    if body.is_empty() {
        return Word::Older;
    }
    let note: Note = serde_json::from_slice(body).unwrap_or_default();
    if note.terms.contains(&terms(tags)) {
        Word::Agrees
    } else {
        Word::Disagrees
    }
}

impl<A: Api> Account<A> {
    /// # Errors
    /// That the note cannot be read now.
    pub(super) async fn word_on(
        &self,
        stack: &StackName,
        id: &str,
        tags: &Tags,
    ) -> Result<Word, CloudError> {
        let (bucket, key) = (self.bucket().await?, place::cluster(stack, id));
        let read: Result<_, ApiError> = self.api.serve(GetObject::note(bucket, key)).await;
        match read {
            Err(error) if error.kind == Kind::NotFound => Ok(Word::Missing),
            read => {
                let read = read.doing(|| format!("read the note of cluster {id}"))?;
                Ok(word(&read.body, tags))
            }
        }
    }

    /// Notes the terms that a cluster may have.
    pub(super) async fn note(
        &self,
        stack: &StackName,
        id: &str,
        terms: &[String],
    ) -> Result<(), CloudError> {
        let key = place::cluster(stack, id);
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
    fn every_tag_that_says_when_a_cluster_ends_is_in_its_terms() {
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
    fn a_note_agrees_with_its_own_tags_alone() {
        let made = tags(&MADE);
        let note = |all: &[&Tags]| body(&all.iter().map(|it| terms(it)).collect::<Vec<_>>());
        let other = tags(&[("clusterup-sizes", "0=9")]);
        assert_eq!(word(&note(&[&made]), &made), Word::Agrees);
        assert_eq!(word(&note(&[&other, &made]), &made), Word::Agrees);
        assert_eq!(word(&note(&[&other]), &made), Word::Disagrees);
        assert_eq!(word(b"", &made), Word::Older);
        for text in [
            &b"{}"[..],
            b"{",
            b"null",
            b"\xff",
            b"[]",
            br#"{"terms":[]}"#,
        ] {
            assert_eq!(word(text, &made), Word::Disagrees);
        }
    }
}
