//! Rules that hold, rules that do not, and rules that are none.

use super::*;
use crate::model::stack::Stack;
use crate::policy::names::{EXAMPLES, document};
use crate::policy::subject::Price;
use proptest::prelude::*;
use std::path::Path;

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

/// Rules, whether they hold for the specimen, and whether for the bare stack.
const GOOD: &[(&str, bool, bool)] = &[
    ("true", true, true),
    ("stack.name == 'films'", true, false),
    ("stack.team == \"\"", false, true),
    ("stack.region.startsWith(\"eu-\")", true, false),
    ("\"owner\" in stack.tags", true, false),
    (
        "has(stack.tags.owner) && stack.tags.owner == \"ada\"",
        true,
        false,
    ),
    (
        "\"cost-center\" in stack.tags && stack.tags[\"cost-center\"].size() == 4",
        true,
        false,
    ),
    ("stack.tags.size() == 0", false, true),
    (
        "stack.tags.all(key, key.matches(r\"^[a-z-]+$\"))",
        true,
        true,
    ),
    ("stack.cluster.release == \"emr-7.x\"", true, false),
    ("stack.cluster.size == \"1 x m5.xlarge\"", false, true),
    ("stack.cluster.nodes == 5", true, false),
    (
        "stack.cluster.nodes > 1.5 // a half is more than none",
        true,
        false,
    ),
    ("stack.cluster.nodes * 1.5 == 7.5", true, false),
    ("1.5 * (stack.cluster.nodes + 1) == 9.0", true, false),
    ("stack.cluster.nodes / 2 == 2", true, false),
    ("stack.cluster.nodes % 2 == 1", true, true),
    ("-stack.cluster.nodes < -2", true, false),
    (
        "stack.cluster.instance_types == ['m5.xlarge', 'r5.xlarge']",
        true,
        false,
    ),
    (
        "stack.cluster.instance_types.all(it, it in ['m5.xlarge'])",
        false,
        true,
    ),
    ("stack.cluster.primary.type == 'm5.xlarge'", true, true),
    (
        "stack.cluster.core.nodes == 2 && stack.cluster.core.volume_gib == 128",
        true,
        false,
    ),
    (
        "stack.cluster.core.type == '' || stack.cluster.core.volume_gib == 0",
        false,
        true,
    ),
    ("stack.cluster.task.market == 'spot'", true, false),
    ("stack.cluster.task.market == 'on-demand'", false, true),
    ("stack.cluster.key_pair == 'spark'", true, false),
    ("'spark-ssh' in stack.cluster.security_groups", true, false),
    (
        "stack.ingress.exists(it, it.port == 22 && it.from == 'caller')",
        true,
        false,
    ),
    (
        "stack.ingress.exists_one(it, it.group == 'spark-ssh')",
        true,
        false,
    ),
    (
        "stack.ingress.filter(it, it.port < 1024).size() == 1",
        true,
        false,
    ),
    (
        "stack.job.steps.map(it, it.name) == ['similarities']",
        true,
        false,
    ),
    (
        "stack.job.steps.map(it, it.args.size() > 1, it.name).size() == 0",
        false,
        true,
    ),
    (
        "stack.job.steps.exists(s, s.args.exists(a, a == '${data.ratings}'))",
        true,
        false,
    ),
    (
        "stack.job.steps.all(it, it.executor_memory_mib == 1024)",
        true,
        true,
    ),
    (
        "stack.job.steps.exists(it, 'spark.sql.shuffle.partitions' in it.conf)",
        true,
        false,
    ),
    (
        "stack.job.python_packages.exists(it, it.startsWith('numpy'))",
        true,
        false,
    ),
    (
        "stack.data.all(it, it.source == 's3' && it.location.contains('//films'))",
        true,
        true,
    ),
    ("stack.data[0].name == 'ratings' || true", true, true),
    ("stack.guardrails.idle_minutes <= 10", true, true),
    (
        "stack.guardrails.lifetime_minutes == 120 && stack.guardrails.has_budget",
        true,
        false,
    ),
    ("stack.guardrails.budget in [1, 2.5, 3]", true, false),
    ("stack.guardrails.budget in [1, 3]", true, false),
    ("stack.guardrails.lease_minutes == 0", false, true),
    ("stack.guardrails.when_done == 'keep'", false, true),
    ("has(cost.hourly) ? cost.hourly < 1 : false", true, false),
    (
        "has(cost.worst) && cost.worst >= stack.guardrails.budget",
        true,
        false,
    ),
    ("caller.startsWith('arn:')", false, true),
    ("(stack.team == '' ? 1 : 0.5) < 1", true, false),
    (
        "int(stack.cluster.nodes + 0.5) == 5 && string(1) == '1'",
        true,
        false,
    ),
    ("stack.name < 'd' && size(stack.name) == 4", false, true),
    (
        "[1] + [2] == [1, 2] && 'a' + 'b' == 'ab' && [] + [1] == [1]",
        true,
        true,
    ),
    (
        "[] == stack.ingress.map(it, it.port) || 1 in []",
        false,
        true,
    ),
    ("!!true && \n\n stack.tags\n.size() >= 0", true, true),
];

/// Rules that are none, with the column, from 1, and the message of each flaw.
const BAD: &[(&str, &[(usize, &str)])] = &[
    ("", &[(1, "the rule says nothing")]),
    ("  // nothing", &[(1, "the rule says nothing")]),
    ("stack.clustr.nodes > 1", &[(7, "`stack` has no `clustr`")]),
    (
        "true || stack.cluster.nods > 1",
        &[(23, "`stack.cluster` has no `nods`")],
    ),
    ("stak.name == ''", &[(1, "rules know no `stak`")]),
    ("hourly > 1", &[(1, "rules know no `hourly`")]),
    (
        "stack.name > 1",
        &[(1, "text cannot be compared with a number")],
    ),
    (
        "true || stack.cluster.nodes == \"3\"",
        &[(9, "a number cannot be compared with text")],
    ),
    ("stack.cluster.nodes && true", &[(1, "this is a number")]),
    ("!stack.name", &[(2, "this is text")]),
    ("stack.cluster.nodes", &[(1, "this is a number")]),
    ("stack.cluster", &[(1, "this is a group of names")]),
    (
        "stack.ingress.port == 22",
        &[(15, "`stack.ingress` is a list and has no `port`")],
    ),
    (
        "stack.name.length == 3",
        &[(12, "`stack.name` is text and has no `length`")],
    ),
    (
        "stack.ingress.all(it, it.prt == 1)",
        &[(26, "`it` has no `prt`")],
    ),
    (
        "stack.ingress.all(it, it.port)",
        &[(23, "this is a number")],
    ),
    (
        "stack.ingress.all(stack, true)",
        &[(19, "`stack` is something already")],
    ),
    (
        "stack.ingress.all('it', true)",
        &[(19, "this cannot be a variable")],
    ),
    (
        "stack.ingress.all(it)",
        &[(15, "`all` takes a variable and an expression, not 1")],
    ),
    (
        "stack.name.all(it, true)",
        &[(12, "`all` asks lists, and this is text")],
    ),
    (
        "stack.name.startWith('a')",
        &[(12, "rules know no function `startWith`")],
    ),
    ("now() > 1", &[(1, "rules know no function `now`")]),
    (
        "contains(stack.name, 'a')",
        &[(1, "rules know no function `contains`")],
    ),
    ("stack.name.contains(1)", &[(21, "this is a number")]),
    (
        "stack.name.contains()",
        &[(12, "`contains` takes 1 argument, not 0")],
    ),
    (
        "stack.cluster.instance_types.contains('a')",
        &[(30, "`contains` asks text, and this is a list of text")],
    ),
    (
        "false && stack.name.matches('(')",
        &[(29, "this is no regular expression")],
    ),
    (
        "stack.name.matches('a' + '(')",
        &[(
            1,
            "this cannot be told even of an ordinary stack: \
             `matches` cannot be told: unclosed group",
        )],
    ),
    (
        "1 in stack.cluster.instance_types",
        &[(1, "a number cannot be in a list of text")],
    ),
    (
        "'a' in stack.name",
        &[(1, "`in` looks into lists and maps, not into text")],
    ),
    (
        "stack['name'] == ''",
        &[(7, "`stack` is a group of names and is not read by `[…]`")],
    ),
    ("stack.tags[1] == ''", &[(12, "this is a number")]),
    (
        "has(stack)",
        &[(5, "`has` asks for a name with a dot in it")],
    ),
    ("has(stack.nam)", &[(11, "`stack` has no `nam`")]),
    (
        "stack.name + 1 == ''",
        &[(1, "`+` cannot be done with text and a number")],
    ),
    ("1.5 % 2 == 0", &[(1, "`%` is of whole numbers")]),
    ("-stack.name == ''", &[(1, "text has no negative")]),
    ("true ? 1 : 'a'", &[(12, "this is text")]),
    ("[1, 'a'].size() == 2", &[(5, "this is text")]),
    (
        "1 / 0 == 1",
        &[(
            1,
            "this cannot be told even of an ordinary stack: it divides by zero",
        )],
    ),
    (
        "9223372036854775807 + 1 > 0",
        &[(
            1,
            "this cannot be told even of an ordinary stack: a number grows too large",
        )],
    ),
    (
        "stack.nam == '' || cost.hour > 1",
        &[(7, "`stack` has no `nam`"), (25, "`cost` has no `hour`")],
    ),
    // What cannot be read.
    ("stack.name = 'a'", &[(12, "a rule has no use for `=`")]),
    ("stack.name == 'a", &[(15, "this text is never closed")]),
    (
        "stack.name == 'é' & true",
        &[(19, "a rule has no use for `&`")],
    ),
    ("true and false", &[(6, "`and` cannot stand here")]),
    ("not true", &[(5, "`true` cannot stand here")]),
    ("(true", &[(6, "the rule ends too early")]),
    ("true)", &[(5, "`)` cannot stand here")]),
    ("stack. == ''", &[(8, "`==` cannot stand here")]),
    ("stack.tags.in == ''", &[(12, "`in` cannot stand here")]),
    ("cost.hourly > $5", &[(15, "a rule has no use for `$`")]),
    (
        "stack.guardrails.idle_minutes > 10m",
        &[(33, "a number of a rule has no unit")],
    ),
    (
        "stack.name.matches('\\d')",
        &[(21, "a backslash here begins nothing that CEL knows")],
    ),
    (
        "stack.team == null",
        &[(15, "nothing in a stack is `null`")],
    ),
    (
        "99999999999999999999 > 1",
        &[(1, "a number this large cannot be told")],
    ),
    ("for == 1", &[(1, "`for` cannot stand here")]),
    ("{'a': 1}.size() == 1", &[(1, "a rule has no use for `{`")]),
];

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
            "ask its elements: `stack.ingress.exists(it, it.port …)`",
        ),
        ("stack.name.matches('(')", "unclosed group"),
        ("true and false", "CEL writes `&&`"),
    ] {
        let flaws = Expr::compile(rule).unwrap_err();
        assert_eq!(flaws[0].help.as_deref(), Some(help), "{rule}");
    }
    let flaws = Expr::compile("cost.weekly > 1").unwrap_err();
    let expected = "one of `hourly`, `worst`";
    assert_eq!(flaws[0].expected.as_deref(), Some(expected));
}

#[test]
fn what_cannot_be_told_is_said_in_words() {
    for (rule, why) in [
        ("cost.hourly > 1", "the cluster's price is not known"),
        (
            "stack.tags.owner == 'ada'",
            "there is no `owner`; a rule can ask by `has` or `in` whether there is",
        ),
        (
            "stack.data[3].name == ''",
            "a list is shorter than the rule takes it to be",
        ),
        ("1 / (stack.cluster.nodes - 1) > 0", "it divides by zero"),
        (
            "stack.name.matches('(' + stack.team + (stack.team == '' ? '' : ')'))",
            "`matches` cannot be told: unclosed group",
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
                .map(|(hourly, worst)| Price { hourly, worst }),
            by: "",
        };
        let held = rule.holds(&dear).unwrap();
        assert_eq!(
            held,
            what.contains("tag") || what.contains("dear"),
            "{what}"
        );
    }
}

#[test]
fn the_documentation_is_of_these_names() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy-names.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == document(),
        "docs/policy-names.md is old; `BLESS=1 cargo test --lib policy::expr` writes it"
    );
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

/// The order of evaluation as this parser reads it, all brackets written.
fn shape(node: &tree::Node, text: &str) -> String {
    use tree::Kind;
    let of = |node: &tree::Node| shape(node, text);
    let all = |nodes: &[tree::Node]| nodes.iter().map(of).collect::<Vec<_>>().join(" ");
    match &node.kind {
        Kind::Bool | Kind::Int | Kind::Double | Kind::Text | Kind::Name(_) => "v".to_owned(),
        Kind::List(nodes) => format!("[{}]", all(nodes)),
        Kind::Field(on, name) => format!("(. {} {})", of(on), name.text),
        Kind::Index(on, key) => format!("(_[_] {} {})", of(on), of(key)),
        Kind::Call(Some(on), name, args) => format!("({} {} {})", name.text, of(on), all(args)),
        Kind::Call(None, name, args) => format!("({} {})", name.text, all(args)),
        Kind::Not(inner) => format!("(!_ {})", of(inner)),
        Kind::Negate(inner) => format!("(-_ {})", of(inner)),
        Kind::Logic(nodes) => {
            let between = &text[nodes[0].range.end..nodes[1].range.start];
            let mark = if between.contains('&') { "&&" } else { "||" };
            let mut flat = Vec::new();
            for one in nodes {
                let one = of(one);
                let inner = one.strip_prefix(&format!("({mark} "));
                let inner = inner.and_then(|inner| inner.strip_suffix(')'));
                flat.push(inner.map_or(one.clone(), str::to_owned));
            }
            format!("({mark} {})", flat.join(" "))
        }
        Kind::Binary(one, mark, other) if mark.text == "in" => {
            format!("(@in {} {})", of(one), of(other))
        }
        Kind::Binary(one, mark, other) => format!("(_{}_ {} {})", mark.text, of(one), of(other)),
        Kind::Choice(parts) => format!("(_?_:_ {})", all(&parts[..])),
    }
}

/// The same as the crate reads it.
fn theirs(node: &cel::IdedExpr) -> String {
    use cel::common::ast::Expr as E;
    let all = |nodes: &[cel::IdedExpr]| nodes.iter().map(theirs).collect::<Vec<_>>().join(" ");
    match &node.expr {
        E::Literal(_) | E::Ident(_) => "v".to_owned(),
        E::List(list) => format!("[{}]", all(&list.elements)),
        E::Select(select) => format!("(. {} {})", theirs(&select.operand), select.field),
        E::Call(call) if ["_&&_", "_||_"].contains(&call.func_name.as_str()) => {
            let mut flat = Vec::new();
            flatten(node, &call.func_name, &mut flat);
            format!("({} {})", call.func_name.replace('_', ""), flat.join(" "))
        }
        E::Call(call) => match &call.target {
            Some(on) => format!("({} {} {})", call.func_name, theirs(on), all(&call.args)),
            None => format!("({} {})", call.func_name, all(&call.args)),
        },
        other => panic!("{other:?}"),
    }
}

fn flatten(node: &cel::IdedExpr, name: &str, into: &mut Vec<String>) {
    match &node.expr {
        cel::common::ast::Expr::Call(call) if call.func_name == name => {
            for arg in &call.args {
                flatten(arg, name, into);
            }
        }
        _ => into.push(theirs(node)),
    }
}

fn read_alike(text: &str) {
    if let Ok(mine) = parse::parse(text) {
        let read = cel::Env::default().parser().parse(text);
        let read = read.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(shape(&mine, text), theirs(&read), "{text}");
    }
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
