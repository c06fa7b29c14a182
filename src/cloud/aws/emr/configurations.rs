//! Configurations in EMR's calls: a list of classifications, each with its properties and a list of
//! those nested in it.

use crate::model::configurations::{Classification, Configurations};
use aws_sdk_emr::types::Configuration;
use std::collections::BTreeMap;

pub(super) fn asked(ours: &Configurations) -> Vec<Configuration> {
    list(ours.tree())
}

fn list(of: BTreeMap<String, Classification>) -> Vec<Configuration> {
    let one = |(name, classification): (String, Classification)| {
        let nested = list(classification.nested);
        Configuration::builder()
            .classification(name)
            .set_properties(Some(classification.properties.into_iter().collect()))
            .set_configurations((!nested.is_empty()).then_some(nested))
            .build()
    };
    of.into_iter().map(one).collect()
}

/// Deeper ones are not read: no stack can nest as deep.
const MAX_DEPTH: usize = 8;

pub(super) fn shown(theirs: &[Configuration]) -> Configurations {
    let mut all = Configurations::default();
    add(theirs, &[], &mut all);
    all
}

fn add(theirs: &[Configuration], within: &[String], all: &mut Configurations) {
    if within.len() >= MAX_DEPTH {
        return;
    }
    for classification in theirs {
        let name = classification.classification().unwrap_or_default();
        let within = [within, &[name.to_owned()]].concat();
        let properties = classification.properties().into_iter().flatten();
        let properties = properties.map(|(name, value)| (name.clone(), value.clone()));
        let own = Classification {
            properties: properties.collect(),
            ..Classification::default()
        };
        all.add(&within, own);
        add(classification.configurations(), &within, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_shown_however_emr_splits_it() {
        let mut ours = Configurations::default();
        ours.set(&["spark-defaults"], "spark.a", "1");
        ours.set(&["spark-env", "export"], "HOME", "/x");
        ours.set(&["spark-env", "export"], "LANG", "C");
        let mut asked = asked(&ours);
        assert_eq!(asked.len(), 2);
        assert_eq!(shown(&asked), ours);
        // Empty ones and a classification in two parts change nothing.
        let empty = Configuration::builder().classification("core-site").build();
        asked.push(empty);
        let half = Configuration::builder()
            .classification("spark-defaults")
            .properties("spark.a", "1")
            .build();
        asked.push(half);
        assert_eq!(shown(&asked), ours);
        assert_eq!(shown(&[]), Configurations::default());
    }
}
