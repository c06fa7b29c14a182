//! A cluster's spec in its tags: what EMR does not tell of a cluster has to be with it, so that any
//! machine can read it. Tags allow few characters and 256 of them, so it is JSON, packed, in Base64, in as
//! many tags as it takes.

use super::names::LONGEST_VALUE;
use crate::cloud::api::Tags;
use crate::model::desired::ClusterSpec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::Read;

const SPEC: &str = "clusterup-spec-";
/// EMR allows 50 tags; the others are few.
const MOST_TAGS: usize = 28;

/// No spec is longer, whatever somebody writes into its tags.
const LONGEST: u64 = 1 << 20;

/// None where it is too long for tags.
pub(super) fn write(spec: &ClusterSpec, tags: &mut Tags) -> Option<()> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    serde_json::to_writer(&mut packed, spec).ok()?;
    let text = STANDARD.encode(packed.finish().ok()?);
    let pieces: Vec<&str> = (0..text.len())
        .step_by(LONGEST_VALUE)
        .map(|from| &text[from..text.len().min(from + LONGEST_VALUE)])
        .collect();
    if pieces.len() > MOST_TAGS {
        return None;
    }
    for (number, piece) in pieces.iter().enumerate() {
        tags.insert(key(number), (*piece).to_owned());
    }
    // Marks the end, so that a shorter spec written over a longer one is read whole.
    tags.insert(key(pieces.len()), String::new());
    Some(())
}

/// None where tags are missing or were edited.
pub(super) fn read(tags: &Tags) -> Option<ClusterSpec> {
    let pieces = (0..=MOST_TAGS).map(|number| tags.get(&key(number)));
    let mut text = String::new();
    for piece in pieces {
        match piece?.as_str() {
            "" => break,
            piece => text.push_str(piece),
        }
    }
    let packed = STANDARD.decode(text).ok()?;
    serde_json::from_reader(DeflateDecoder::new(packed.as_slice()).take(LONGEST)).ok()
}

fn key(number: usize) -> String {
    format!("{SPEC}{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use std::path::Path;

    #[test]
    fn a_spec_is_read_back_and_a_shorter_one_over_it() {
        let text = "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 2 x m5.xlarge }\n\
                    guardrails: { when_done: keep }\n";
        let stack = crate::text::parse("t.yaml", text, Path::new(""), &[]).unwrap();
        let facts = crate::model::facts::Facts {
            bucket: "s3://b".to_owned(),
            scripts: Default::default(),
            data: Default::default(),
            public_keys: Default::default(),
            sample: None,
            label: Some("emr-7.14.0".to_owned()),
            capacity: crate::model::facts::Capacity::AsTyped,
            prices: Ok("primary=0.192+0.048+0+0 core=0.192+0.048+0+0"
                .parse()
                .unwrap()),
            ending: crate::model::span::Span::from_secs(1_200),
        };
        let mut spec = plan::expand::expand(&stack, &facts).unwrap().0.cluster;
        let mut tags = Tags::new();
        spec.python_packages = (0..40).map(|i| format!("package-{i}==1.2.3")).collect();
        write(&spec, &mut tags).unwrap();
        assert_eq!(read(&tags).as_ref(), Some(&spec));
        assert!(tags.values().all(|value| value.len() <= LONGEST_VALUE));
        spec.python_packages.clear();
        write(&spec, &mut tags).unwrap();
        assert_eq!(read(&tags).as_ref(), Some(&spec));
        tags.remove("clusterup-spec-0");
        assert_eq!(read(&tags), None);
    }
}
