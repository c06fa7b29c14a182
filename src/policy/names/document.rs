//! Renders the names as a page of documentation.

use super::{Datum, Name, ROOT, Shape, specimen, values};
use std::collections::BTreeMap;
use std::fmt::Write;

const INTRODUCTION: &str = "\
# Names in the rules of a policy

A rule has a condition in [CEL](https://cel.dev) under `deny_when` or `warn_when`. If the condition
is true for a stack, the stack is denied, or passes with a warning. If the condition cannot be
evaluated, for example because a tag that it reads is missing or because the cluster's price is
unknown, the stack is denied.

Every rule is checked completely when it is read: each name, function and comparison, also in
branches that are rarely evaluated. Values are numbers (whole numbers and
decimals, which may be mixed; `/` of two whole numbers gives a whole number), text, true and false,
lists and maps. Rules may use:

- the operators `==` `!=` `<` `<=` `>` `>=`, `+` `-` `*` `/` `%`, `&&` `||` `!`, `a ? b : c`, `in`;
- on text: `contains`, `startsWith`, `endsWith`, `matches` (a regular expression) and `size`;
- on lists and maps: `all`, `exists`, `exists_one`, `filter`, `map` and `size`;
- `has(…)`, `int(…)`, `double(…)` and `string(…)`.

Map literals, `null`, bytes and unsigned numbers are not supported.

## Examples
";

/// Example rules, and their purpose. None is true of the specimen.
pub(in crate::policy) const EXAMPLES: [(&str, &str); 6] = [
    (
        "More than 20 nodes without a budget.",
        "stack.cluster.nodes > 20 && !stack.guardrails.has_budget",
    ),
    (
        "A tag that is missing or has an unexpected value.",
        "!(\"owner\" in stack.tags) || !stack.tags.owner.matches(\"^[a-z]+$\")",
    ),
    (
        "Core nodes on Spot: AWS may reclaim them, and HDFS is on them.",
        "stack.cluster.core.nodes > 0 && stack.cluster.core.market == \"spot\"",
    ),
    (
        "GPU instances outside the team that trains models.",
        "stack.team != \"training\" && stack.cluster.instance_types.exists(it, \
         it.matches(\"^(g|p)[0-9]\"))",
    ),
    (
        "An expensive cluster that outlives its job.",
        "stack.guardrails.when_done == \"keep\" && cost.hourly * 24 > 50",
    ),
    (
        "A step that turns dynamic allocation off and leaves executor_memory at `auto`.",
        "stack.job.steps.exists(step, step.executor_memory_mib == 0 && \
         \"spark.dynamicAllocation.enabled\" in step.conf && \
         step.conf[\"spark.dynamicAllocation.enabled\"] == \"false\")",
    ),
];

/// All names with their types, meaning and an example, in Markdown.
#[cfg_attr(closed, expect(dead_code, reason = "a test writes the document"))]
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
