//! Policies: the reports of their mistakes, and how valid ones are read.

use super::{TOKENS, apply, at, change, pretty, within_the_text};
use clusterup::text::{Code, Diagnostics, Flaw, policy, policy_schema};
use clusterup_testkit::worlds::cases;
use proptest::prelude::*;

const WHOLE: &str = include_str!("policy.yaml");
const CONDITIONS: &str = include_str!("conditions.yaml");

fn names() -> Vec<String> {
    let files = std::fs::read_dir(at("tests/bad_policies")).unwrap();
    let name = |path: std::path::PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = files.map(|entry| name(entry.unwrap().path())).collect();
    names.sort();
    assert!(names.len() >= 25);
    names
}

fn wrong(name: &str) -> Diagnostics {
    let text = std::fs::read_to_string(at(&format!("tests/bad_policies/{name}.yaml"))).unwrap();
    match policy(&format!("policies/{name}.yaml"), &text) {
        Ok(written) => panic!("{name} was read as {written:?}"),
        Err(wrong) => wrong,
    }
}

#[test]
fn every_invalid_policy_is_reported() {
    for name in names() {
        insta::assert_snapshot!(format!("bad__{name}"), wrong(&name));
    }
}

#[test]
fn every_mistake_has_its_line_and_column() {
    for name in names() {
        let wrong = wrong(&name);
        let text = std::fs::read_to_string(at(&format!("tests/bad_policies/{name}.yaml"))).unwrap();
        within_the_text(&wrong, &text);
        let json: serde_json::Value = serde_json::to_value(&wrong).unwrap();
        for reported in json.as_array().unwrap() {
            assert!(reported["line"].as_u64() >= Some(1) && reported["column"].as_u64() >= Some(1));
        }
    }
}

#[test]
fn eleven_mistakes_are_reported_at_eleven_places() {
    let wrong = wrong("eleven-mistakes");
    let places: std::collections::BTreeSet<_> =
        wrong.iter().map(|found| wrong.place(found.at)).collect();
    assert_eq!((wrong.iter().count(), places.len()), (11, 11));
}

#[test]
fn the_maximum_number_of_shares_is_read() {
    let text = |shares: &str| {
        format!(
            "policy: p\napplies_to: {{ teams: [t] }}\nbudget: {{ monthly: $1, notify_at: [{shares}] }}\n"
        )
    };
    let nine: Vec<String> = (1..10).map(|share| format!("{share}%")).collect();
    for most in [nine.join(", "), format!("100%, {}", nine.join(", "))] {
        assert!(policy("p.yaml", &text(&most)).is_ok(), "{most}");
        let more = format!("{most}, 99%");
        let wrong = policy("p.yaml", &text(&more)).unwrap_err();
        assert!(
            wrong
                .to_string()
                .contains("`notify_at` has 10 shares besides 100%"),
            "{wrong}"
        );
    }
}

#[test]
fn a_whole_policy_is_read() {
    let written = policy("policies/recsys.yaml", WHOLE).unwrap();
    insta::assert_snapshot!("policy__whole", pretty(written.policy()));
}

#[test]
fn missing_keys_have_their_defaults() {
    let least = "policy: x\napplies_to: { teams: [a] }\nbudget: { monthly: $1 }\n";
    let written = policy("x.yaml", least).unwrap();
    insta::assert_snapshot!("policy__least", pretty(written.policy()));
    let bare = policy("x.yaml", "policy: x").unwrap();
    assert_eq!(bare.policy().watchdog.warn_before.to_string(), "10m");
    assert!(bare.policy().applies_to.teams.is_none());
}

#[test]
fn adopted_clusters_need_a_cap() {
    let budget = |more: &str| {
        let text = format!("policy: x\nunmanaged: {{ action: adopt{more} }}\n");
        policy("x.yaml", &text).map(|it| it.policy().unmanaged.clone().unwrap().value.budget)
    };
    assert!(budget("").is_err());
    assert_eq!(budget(", max_lifetime: 24h").unwrap(), None);
    assert_eq!(budget(", budget: $50").unwrap(), "$50".parse().ok());
}

#[test]
fn applications_beside_yarn_are_named_one_by_one() {
    let message = |text: &str| {
        let text = format!("policy: x\nunmanaged: {{ {text} }}\n");
        policy("x.yaml", &text).map(|it| it.policy().unmanaged.clone().unwrap().value.idle_by_yarn)
    };
    assert!(message("action: terminate").unwrap().is_empty());
    let named = message("idle_by_yarn: [JupyterHub, hbase]").unwrap();
    let named: Vec<String> = named.iter().map(ToString::to_string).collect();
    assert_eq!(named, ["hbase", "JupyterHub"]);
    for bad in [
        "JupyterHub",
        "[]",
        "[\"Jupyter Hub\"]",
        "[a, a]",
        "true",
        "[1: 2]",
    ] {
        assert!(message(&format!("idle_by_yarn: {bad}")).is_err(), "{bad}");
    }
}

#[test]
fn the_month_is_kept_in_the_only_region_there_is() {
    for (budget, regions, home) in [
        ("", "[eu-west-1]", "eu-west-1"),
        ("", "[\"eu-west-?\"]", "us-east-1"),
        ("", "[eu-west-1, eu-west-2]", "us-east-1"),
        (", home: eu-west-2", "[eu-west-1]", "eu-west-2"),
    ] {
        let text = format!(
            "policy: x\napplies_to: {{ teams: [a] }}\nbudget: {{ monthly: $1{budget} }}\n\
             limits: {{ regions: {regions} }}\n"
        );
        let written = policy("x.yaml", &text).unwrap();
        let budget = written.policy().budget.as_ref().unwrap();
        assert_eq!(budget.value.home.as_str(), home, "{text}");
    }
}

/// A flaw of each rule: the part of its condition that is `!!!`, or where that is missing its end.
fn flaws(of: &clusterup::text::Written) -> Vec<Flaw> {
    let rules = of.policy().rules.iter().enumerate();
    let flaw = |(rule, found): (usize, &clusterup::model::policy::Rule)| {
        let end = found.when.len();
        let range = found.when.find("bad").map_or(end..end, |at| at..at + 3);
        Flaw {
            rule,
            range,
            message: format!("{} has a mistake", found.name),
            expected: Some("something else".to_owned()),
            help: None,
        }
    };
    rules.map(flaw).collect()
}

#[test]
fn a_flaw_is_underlined_in_any_yaml_style() {
    let written = policy("policies/conditions.yaml", CONDITIONS).unwrap();
    let count = written.policy().rules.len();
    let flaws = flaws(&written);
    let wrong = written.checked(flaws).unwrap_err();
    assert_eq!(wrong.iter().count(), count);
    assert!(wrong.iter().all(|found| found.code == Code::BadExpression));
    insta::assert_snapshot!("conditions", wrong);
}

#[test]
fn without_flaws_the_policy_is_the_one_that_was_read() {
    let written = policy("x.yaml", CONDITIONS).unwrap();
    let read = written.policy().clone();
    assert_eq!(written.checked(Vec::new()).unwrap(), read);
}

#[test]
fn a_flaw_without_a_place_is_reported() {
    let text = "policy: x\nrules:\n  - { name: a, deny_when: \"é\", message: m }\n";
    for (rule, range) in [(0, 1..1), (0, 0..99), (0, 98..99), (7, 0..1)] {
        let flaw = Flaw {
            rule,
            range,
            message: "m".to_owned(),
            expected: None,
            help: None,
        };
        let wrong = policy("x.yaml", text).unwrap().checked(vec![flaw]);
        within_the_text(&wrong.unwrap_err(), text);
    }
}

#[test]
fn the_policys_schema_in_the_repository_is_the_one_in_the_code() {
    super::held("schema/policy.json", &policy_schema());
}

fn survives(text: &str) {
    match policy("x.yaml", text) {
        Ok(written) => {
            let flaws = flaws(&written);
            if let Err(wrong) = written.checked(flaws) {
                within_the_text(&wrong, text);
            }
        }
        Err(wrong) => within_the_text(&wrong, text),
    }
}

proptest! {
    #![proptest_config(cases(env!("CARGO_CRATE_NAME"), 400))]

    #[test]
    fn changed_policies_are_read_or_refused(
        whole in any::<bool>(),
        changes in prop::collection::vec(change(), 1..12),
    ) {
        let mut text = if whole { WHOLE } else { CONDITIONS }.to_owned();
        for change in &changes {
            text = apply(&text, change);
        }
        survives(&text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        survives(&text);
        survives(&format!("policy: x\nrules:\n  - name: a\n    message: m\n    deny_when: {text}"));
    }

    #[test]
    fn policies_of_yaml_syntax_are_read_or_refused(
        words in prop::collection::vec((0..TOKENS.len() + 12, 0..4_usize), 0..40),
    ) {
        let keys = [
            "policy: ", "budget: ", "limits:\n  ", "a: ", "rules:\n  - ", "deny_when: ", "tags: ",
            "name: ", "message: ", "ssh_from: ", "by: ", "monthly: ",
        ];
        let between = ["", " ", "\n", "\n  "];
        let text: String = words
            .iter()
            .map(|(word, gap)| {
                let all = TOKENS.iter().chain(&keys).nth(*word).unwrap();
                format!("{all}{}", between[*gap])
            })
            .collect();
        survives(&text);
    }
}
