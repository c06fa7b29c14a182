//! A cluster's spec in its tags: what EMR does not record is stored with the cluster, so that any
//! machine can read it. Tag values allow 256 of few characters, so the spec is compressed JSON in
//! Base64, split over several tags.

use super::names::MAX_VALUE;
use crate::cloud::api::Tags;
use crate::model::configurations::Configurations;
use crate::model::desired::ClusterSpec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::Read;

const SPEC: &str = "clusterup-spec-";
/// The most tags for a spec, if the user has no tags.
const MAX_TAGS: usize = 28;
/// EMR allows 50 tags. clusterup has up to 18 others, including 8 extensions, and one marks the end
/// of the spec.
const ROOM: usize = 50 - 18 - 1;

/// The longest spec that is read, whatever the tags contain.
const MAX_BYTES: u64 = 1 << 20;

/// Writes a spec into tags; `None` if it is too long for them. Of the user's tags, which are tags
/// of their own, only the keys are stored; of the configurations, nothing.
pub(super) fn write(spec: &ClusterSpec, tags: &mut Tags) -> Option<()> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    let mut keyed = spec.clone();
    keyed.tags.values_mut().for_each(String::clear);
    // EMR shows them, and they can be longer than all tags.
    keyed.emr.software.configurations = Configurations::default();
    serde_json::to_writer(&mut packed, &keyed).ok()?;
    let text = STANDARD.encode(packed.finish().ok()?);
    let pieces: Vec<&str> = (0..text.len())
        .step_by(MAX_VALUE)
        .map(|from| &text[from..text.len().min(from + MAX_VALUE)])
        .collect();
    if pieces.len() > MAX_TAGS.min(ROOM.saturating_sub(spec.tags.len())) {
        return None;
    }
    for (number, piece) in pieces.iter().enumerate() {
        tags.insert(key(number), (*piece).to_owned());
    }
    // Marks the end, so that a shorter spec can be written over a longer one.
    tags.insert(key(pieces.len()), String::new());
    Some(())
}

/// The keys of pieces that remain of a longer spec, once `tags` are written over `observed`.
pub(super) fn left_over(observed: &Tags, tags: &Tags) -> Vec<String> {
    let piece = |key: &&String| key.starts_with(SPEC) && !tags.contains_key(*key);
    observed.keys().filter(piece).cloned().collect()
}

/// Reads a spec; `None` if its tags are missing or were edited. The user's tags have their present
/// values, without those that somebody removed.
pub(super) fn read(tags: &Tags) -> Option<ClusterSpec> {
    let text = packed(tags)?;
    let packed = STANDARD.decode(text).ok()?;
    let unpacked = DeflateDecoder::new(packed.as_slice()).take(MAX_BYTES);
    let mut spec: ClusterSpec = serde_json::from_reader(unpacked).ok()?;
    let keys = std::mem::take(&mut spec.tags).into_keys();
    spec.tags = keys
        .filter_map(|key| tags.get(&key).cloned().map(|value| (key, value)))
        .collect();
    Some(spec)
}

/// The text of all pieces in order; `None` if one is missing.
pub(super) fn packed(tags: &Tags) -> Option<String> {
    let pieces = (0..=MAX_TAGS).map(|number| tags.get(&key(number)));
    let mut text = String::new();
    for piece in pieces {
        match piece?.as_str() {
            "" => break,
            piece => text.push_str(piece),
        }
    }
    Some(text)
}

fn key(number: usize) -> String {
    format!("{SPEC}{number}")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::plan;
    use sha2::Digest;
    use std::path::Path;

    pub(in crate::cloud::account) fn sample() -> ClusterSpec {
        let text = "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 2 x m5.xlarge }\n\
                    guardrails: { when_done: keep }\n";
        let stack = crate::text::parse("t.yaml", text, Path::new(""), &[]).unwrap();
        let rates = "primary=0.192+0.048+0+0 core=0.192+0.048+0+0";
        let facts = crate::model::facts::Facts {
            label: Some("emr-7.14.0".to_owned()),
            ..crate::model::facts::Facts::of_aws(rates)
        };
        plan::expand::expand(&stack, &facts).unwrap().0.cluster
    }

    #[test]
    fn a_spec_is_read_back_and_a_shorter_one_over_it() {
        let mut spec = sample();
        let mut tags = Tags::new();
        spec.python_packages = (0..40).map(|i| format!("package-{i}==1.2.3")).collect();
        write(&spec, &mut tags).unwrap();
        assert_eq!(read(&tags).as_ref(), Some(&spec));
        assert!(tags.values().all(|value| value.len() <= MAX_VALUE));
        spec.python_packages.clear();
        write(&spec, &mut tags).unwrap();
        assert_eq!(read(&tags).as_ref(), Some(&spec));
        let mut again = Tags::new();
        write(&spec, &mut again).unwrap();
        let left = left_over(&tags, &again);
        assert!(left.contains(&"clusterup-spec-3".to_owned()), "{left:?}");
        tags.retain(|key, _| !left.contains(key));
        assert_eq!(read(&tags).as_ref(), Some(&spec));
        // The user's tags are read from the cluster.
        let own = [("owner", "ada"), ("tier", "2")];
        spec.tags = own.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        write(&spec, &mut tags).unwrap();
        tags.insert("owner".to_owned(), "bob".to_owned());
        let read_back = read(&tags).unwrap().tags;
        assert_eq!(
            read_back,
            Tags::from([("owner".to_owned(), "bob".to_owned())])
        );
        tags.remove("clusterup-spec-0");
        assert_eq!(read(&tags), None);
        // Ten tags of the user, ours, and the longest spec use all that EMR allows.
        spec.tags = (0..10)
            .map(|n| (format!("tag-{n}"), "x".repeat(256)))
            .collect();
        let room = |count: usize| {
            let mut spec = spec.clone();
            let noise = |n: usize| crate::model::hex::hex(&sha2::Sha256::digest(n.to_string()));
            spec.python_packages = (0..count).map(noise).collect();
            let mut tags = Tags::new();
            write(&spec, &mut tags).map(|()| tags.len() + spec.tags.len())
        };
        let most = (0..300).map_while(room).max();
        assert_eq!(most, Some(32));
        assert_eq!(room(300), None);
    }
}
