//! The data files can be read, and each rule says what it has to.

use super::{FILES, Kind, Rules, read};
use crate::model::diagnosis::{Confidence, FailureClass};
use std::collections::BTreeSet;

#[test]
fn every_line_can_be_read() {
    for text in FILES {
        let rules = read::rules(text).map_err(|error| error.to_string());
        assert!(!rules.unwrap().is_empty());
    }
}

#[test]
fn every_rule_is_complete() {
    let mut ids = BTreeSet::new();
    for rule in &Rules::bundled().all {
        let id = &rule.id;
        assert!(ids.insert(id.clone()), "{id} is there twice");
        assert!(!rule.says.is_empty(), "{id} hears nothing");
        for template in &rule.says {
            assert!(template.compiles(), "{id}: {template:?}");
        }
        if rule.kind != Kind::End {
            assert_ne!(rule.class, FailureClass::Unknown, "{id}");
            assert_ne!(rule.confidence, Confidence::Unknown, "{id}");
            assert!(!rule.cause.filled(&super::Holes::new()).is_empty(), "{id}");
        }
        if rule.confidence >= Confidence::Likely {
            assert!(!rule.remedies.is_empty(), "{id} has no remedy");
        }
    }
}

#[test]
fn every_rule_names_its_source() {
    for text in FILES {
        let rules = text.split("\nrule ").skip(1);
        for rule in rules {
            assert!(rule.contains("\nsource "), "{rule}");
        }
    }
}

#[test]
fn mistakes_are_found() {
    for (text, expected) in [
        ("says a", "a rule before anything else"),
        ("rule a b", "an id, and"),
        ("rule a\nsays {b", "text with closed holes"),
        ("rule a\nclass b", "a class"),
        ("rule a\nheard b", "roles of logs"),
        ("rule a\nfix conf b", "`KEY=VALUE`"),
        ("rule a\nfix b", "a remedy"),
        ("rule a\nb", "a word that"),
    ] {
        let error = read::rules(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
