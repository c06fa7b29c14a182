//! Renders the names as a page of documentation.

use super::{Datum, Name, ROOT, Shape, specimen, values};
use std::collections::BTreeMap;
use std::fmt::Write;

const INTRODUCTION: &str = "\
# Names in the rules of a policy

A rule of a policy has an expression in [CEL](https://cel.dev) under `when`. If it is true of a
stack, the rule's `effect` is the policy's answer. If it cannot be evaluated, because a tag that it
reads is not there or because the cluster's price is not known, the answer is to deny.

Rules are checked when they are read: every name, every function and every comparison, also in
branches that no stack has come to yet. They know numbers (whole and others, which may be mixed;
`/` of two whole numbers is whole), text, true and false, lists and maps;

- `==` `!=` `<` `<=` `>` `>=`, `+` `-` `*` `/` `%`, `&&` `||` `!`, `a ? b : c`, `in`;
- of text `contains`, `startsWith`, `endsWith`, `matches` (a regular expression) and `size`;
- of lists and maps `all`, `exists`, `exists_one`, `filter`, `map` and `size`;
- `has(…)`, `int(…)`, `double(…)` and `string(…)`.

They have no use for maps of their own, `null`, bytes and unsigned numbers.

## Examples
";

/// Example rules, and their purpose. None is true of the specimen.
pub(in crate::policy) const EXAMPLES: [(&str, &str); 6] = [
    (
        "More than 20 nodes without a budget.",
        "stack.cluster.nodes > 20 && !stack.guardrails.has_budget",
    ),
    (
        "A tag that is missing, or is none of those agreed on.",
        "!(\"owner\" in stack.tags) || !stack.tags.owner.matches(\"^[a-z]+$\")",
    ),
    (
        "Core nodes that AWS may take back, though data lies on them.",
        "stack.cluster.core.nodes > 0 && stack.cluster.core.market == \"spot\"",
    ),
    (
        "Graphics cards outside the team that trains.",
        "stack.team != \"training\" && stack.cluster.instance_types.exists(it, \
         it.matches(\"^(g|p)[0-9]\"))",
    ),
    (
        "A dear cluster that outlives its job.",
        "stack.guardrails.when_done == \"keep\" && cost.hourly * 24 > 50",
    ),
    (
        "A step that turns dynamic allocation off and leaves its memory to us.",
        "stack.job.steps.exists(step, step.executor_memory_mib == 0 && \
         \"spark.dynamicAllocation.enabled\" in step.conf && \
         step.conf[\"spark.dynamicAllocation.enabled\"] == \"false\")",
    ),
];

/// All names with their types, meaning and an example, in Markdown.
pub fn document() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (what, rule) in EXAMPLES {
        // Writing to a string never fails.
        let _ = write!(page, "\n{what}\n\n```cel\n{rule}\n```\n");
    }
    page += "\n## Names\n\n| Name | Type | What it is | Example |\n| --- | --- | --- | --- |\n";
    rows(&mut page, ROOT, "", &values(&specimen()));
    page
}

fn rows(page: &mut String, names: &[Name], above: &str, of: &BTreeMap<String, Datum>) {
    for name in names {
        let path = format!("{above}{}", name.name);
        let value = of.get(name.name);
        row(page, &path, name, value);
        match (&name.shape, value) {
            (Shape::Group(names), Some(Datum::Map(of))) => {
                rows(page, names, &format!("{path}."), of);
            }
            (Shape::List(Shape::Group(names)), Some(Datum::List(all))) => {
                if let Some(Datum::Map(of)) = all.first() {
                    rows(page, names, &format!("{path}[].",), of);
                }
            }
            _ => (),
        }
    }
}

fn row(page: &mut String, path: &str, name: &Name, value: Option<&Datum>) {
    let parts = matches!(name.shape, Shape::Group(_) | Shape::List(Shape::Group(_)));
    let example = value
        .filter(|_| !parts)
        .and_then(|value| serde_json::to_string(value).ok())
        .map_or_else(String::new, |value| format!("`{value}`"));
    let kind = kind(&name.shape);
    let doc = name.doc;
    let _ = writeln!(page, "| `{path}` | {kind} | {doc} | {example} |");
}

fn kind(shape: &Shape) -> String {
    match shape {
        Shape::Bool => "true or false".to_owned(),
        Shape::Int => "whole number".to_owned(),
        Shape::Double => "number".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::List(Shape::Group(_)) => "list".to_owned(),
        Shape::List(of) => format!("list of {}", kind(of)),
        Shape::Map(of) => format!("map of {}", kind(of)),
        Shape::Group(_) => String::new(),
    }
}
