//! Rules that hold, rules that do not, and rules that are none.

mod alike;
mod table;

use super::*;
use crate::model::stack::Stack;
use crate::policy::names::EXAMPLES;
use crate::policy::subject::Price;
use alike::read_alike;
use proptest::prelude::*;
use std::path::Path;
use table::{BAD, GOOD};

/// One node, with nothing that can be left out.
fn bare() -> Stack {
    let text = "stack: bare\nregion: us-east-1\n\
                cluster: { release: emr-7.14.0, size: 1 x m5.xlarge }\n\
                guardrails: { when_done: keep }\n";
    crate::text::parse("bare.yaml", text, Path::new(""), &[]).unwrap()
}

fn of_bare(rule: &str) -> Result<bool, String> {
    let stack = bare();
    let subject = Subject {
        stack: &stack,
        price: None,
        by: "arn:aws:iam::1:user/ada",
    };
    Expr::compile(rule).unwrap().holds(&subject)
}

#[test]
fn rules_hold_as_they_should() {
    for (rule, of_specimen, bare) in GOOD {
        let compiled = Expr::compile(rule).unwrap_or_else(|flaws| panic!("{rule}: {flaws:#?}"));
        assert_eq!(compiled.holds(&specimen()), Ok(*of_specimen), "{rule}");
        assert_eq!(of_bare(rule), Ok(*bare), "{rule} of the bare stack");
    }
}

#[test]
fn flaws_have_their_place_and_their_words() {
    for (rule, wanted) in BAD {
        let flaws = Expr::compile(rule).map_or_else(|flaws| flaws, |_| panic!("{rule} is taken"));
        let found: Vec<_> = flaws
            .iter()
            .map(|flaw| {
                let before = &rule[..flaw.range.start];
                (before.chars().count() + 1, flaw.message.as_str())
            })
            .collect();
        assert_eq!(&found, wanted, "{rule}");
        assert!(flaws.iter().all(|flaw| flaw.range.end <= rule.len()));
    }
}

#[test]
fn the_name_that_was_meant_is_asked_about() {
    for (rule, help) in [
        ("stack.clustr.nodes > 1", "did you mean `cluster`?"),
        ("stak.name == ''", "did you mean `stack`?"),
        ("hourly > 1", "did you mean `cost.hourly`?"),
        ("stack.hourly > 1", "did you mean `cost.hourly`?"),
        ("stack.name.startWith('a')", "did you mean `startsWith`?"),
        ("stack.cluster.nodes > '3'", "without quotes: `3`"),
        ("contains(stack.name, 'a')", "write `….contains(…)`"),
        (
            "stack.ingress.port == 22",
            "check its elements: `stack.ingress.exists(it, it.port …)`",
        ),
        ("stack.name.matches('(')", "unclosed group"),
        ("true and false", "CEL writes `&&`"),
        ("not has(stack.tags.owner)", "CEL writes `!`"),
        (
            "stack.tags.in == ''",
            "read a key that is a word of CEL with `[\"…\"]`",
        ),
        (
            "stack.cluster.instance_types.contains('m5')",
            "write `… in stack.cluster.instance_types`",
        ),
        ("stack.cluster['nodes'] == 1", "write `stack.cluster.NAME`"),
    ] {
        let flaws = Expr::compile(rule).unwrap_err();
        assert_eq!(flaws[0].help.as_deref(), Some(help), "{rule}");
    }
    for rule in [
        "stack.cluster.instance_types.startsWith('m5')",
        "stack.cluster.nodes.contains('1')",
        "stack.name['nodes'] == 1",
        "stack.ingress == '3'",
        "stack stack",
        "stack.tags. == ''",
    ] {
        let flaws = Expr::compile(rule).unwrap_err();
        assert_eq!(flaws[0].help, None, "{rule}");
    }
    let flaws = Expr::compile("cost.weekly > 1").unwrap_err();
    let expected = "one of `hourly`, `worst`";
    assert_eq!(flaws[0].expected.as_deref(), Some(expected));
}

#[test]
fn a_number_with_a_unit_is_marked_as_a_whole() {
    for (rule, marked) in [
        ("stack.cluster.nodes < 10GiB_h - 1", "10GiB_h"),
        ("1h", "1h"),
    ] {
        let flaws = Expr::compile(rule).unwrap_err();
        assert_eq!(&rule[flaws[0].range.clone()], marked, "{rule}");
    }
}

#[test]
fn a_rule_has_its_longest_length() {
    let padded = |length: usize| format!("{:<length$}", "true");
    assert!(Expr::compile(&padded(MAX_BYTES)).is_ok());
    assert!(Expr::compile(&padded(MAX_BYTES + 1)).is_err());
}

#[test]
fn what_cannot_be_told_is_said_in_words() {
    for (rule, why) in [
        ("cost.hourly > 1", "the cluster's price is not known"),
        (
            "stack.tags.owner == 'ada'",
            "there is no `owner`; check for it with `has` or `in` first",
        ),
        (
            "stack.data[3].name == ''",
            "a list is shorter than the rule assumes",
        ),
        ("1 / (stack.cluster.nodes - 1) > 0", "it divides by zero"),
        (
            "stack.name.matches('(' + stack.team + (stack.team == '' ? '' : ')'))",
            "`matches` fails: unclosed group",
        ),
    ] {
        assert_eq!(of_bare(rule), Err(why.to_owned()), "{rule}");
    }
    // What is told without it needs no price.
    assert_eq!(of_bare("cost.hourly > 1 || stack.name == 'bare'"), Ok(true));
}

#[test]
fn examples_of_the_documentation_are_rules() {
    let tagless = bare();
    for (what, rule) in EXAMPLES {
        let rule = Expr::compile(rule).unwrap_or_else(|flaws| panic!("{what}: {flaws:#?}"));
        assert_eq!(rule.holds(&specimen()), Ok(false), "{what}");
        let dear = Subject {
            stack: &tagless,
            price: "$9"
                .parse()
                .ok()
                .zip("$99".parse().ok())
                .map(|(hourly, worst)| Price {
                    hourly,
                    worst,
                    least: hourly,
                }),
            by: "",
        };
        let held = rule.holds(&dear).unwrap();
        assert_eq!(
            held,
            what.contains("tag") || what.contains("expensive"),
            "{what}"
        );
    }
}

#[test]
fn rules_are_neither_endless_nor_bottomless() {
    let nested = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Expr::compile(&nested(12)).is_ok());
    let tall = format!(
        "{}{} > 0",
        nested(11).replace("true", "(1 + 1)"),
        " + 1".repeat(29)
    );
    assert!(Expr::compile(&tall).is_ok(), "{:?}", Expr::compile(&tall));
    for text in [
        nested(13),
        nested(2_000),
        "[".repeat(4_096),
        "!".repeat(4_096),
        "-".repeat(4_096),
        format!("{}true", "true ? true : ".repeat(200)),
        format!("{}1 > 0", "1 + ".repeat(900)),
        format!("stack{} == 1", ".name".repeat(600)),
        format!("true {}", " ".repeat(4_096)),
        "[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))".to_owned(),
    ] {
        let flaws = Expr::compile(&text).unwrap_err();
        assert!(!flaws.is_empty());
    }
    // Wide is not deep.
    let wide = vec!["true"; 500].join(" && ");
    assert_eq!(of_bare(&wide), Ok(true));
}

#[test]
fn rules_are_read_as_cel_reads_them() {
    for (rule, ..) in GOOD {
        read_alike(rule);
    }
    for rule in [
        "1 + 2 * 3 - 4 / 5 % 6 < 7 == true || false && !true ? 1 : 2 ? 3 : 4",
        "a.b[c].d(e, -f)[-1] - -1 + !g",
        "a < b < c in d == e - f - g",
        "true || (true || false) && (a && b)",
        "-1.5e3.f() + -.5 - -(2) - - 1",
        "!!a.b && !!!c || !(!d)",
    ] {
        read_alike(rule);
    }
}

/// Words and marks of rules, in any order.
fn scraps() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "stack", "cost", ".", "cluster", "nodes", "tags", "(", ")", "[", "]", "1", "2.5", "'a'",
        "\"", "'", "r'", "in", "&&", "||", "!", "-", "+", "?", ":", ",", "==", "<", "all", "it",
        "exists", "has", "size", "true", "matches", "//", "\n", "\\", "é", "0x", "e5", "{", "}",
        "name", "ingress", "port", "`", "u", "'''", "%", "/", "*",
    ]);
    prop::collection::vec(words, 0..24).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,80}") {
        let _ = Expr::compile(&text);
    }

    #[test]
    fn no_scraps_are_too_strange(text in scraps(), tight: bool) {
        let text = if tight { text.replace(' ', "") } else { text };
        if let Err(flaws) = Expr::compile(&text) {
            for flaw in flaws {
                prop_assert!(text.get(flaw.range.clone()).is_some(), "{flaw:?}");
            }
        }
    }

    #[test]
    fn no_slip_is_too_strange(
        rule in 0..GOOD.len(), at in 0.0..1.0, length in 0..6_usize, with in "[ -~]{0,3}"
    ) {
        let rule = GOOD[rule].0;
        let at = (rule.len() as f64 * at) as usize;
        let end = (at + length).min(rule.len());
        if let (Some(before), Some(after)) = (rule.get(..at), rule.get(end..)) {
            let text = format!("{before}{with}{after}");
            if let Ok(rule) = Expr::compile(&text) {
                let _ = rule.holds(&specimen());
            }
            read_alike(&text);
        }
    }
}
