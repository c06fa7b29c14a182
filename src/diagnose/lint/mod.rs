//! Finds in a step's script what would fail, or be of no use, on a cluster. Values are followed
//! through assignments, functions and texts; what cannot be known is not reported. Pure.

mod aggregates;
mod allow;
mod argparse;
mod arguments;
mod around;
mod call;
mod click;
mod closures;
mod collects;
mod depth;
mod expressions;
mod functions;
mod home;
mod interface;
mod modules;
mod names;
mod paths;
mod python2;
mod reads;
mod scope;
mod script;
mod settings;
mod spark;
mod statements;
mod strings;
mod summary;
mod syntax;
mod text;
mod value;
mod walk;

pub use interface::{Interface, ScriptOption, interface};
pub use script::{Modules, Script};
pub use syntax::{MAX_BYTES, too_long};

use crate::model::lint::LintFinding;
use allow::Allowed;
use std::collections::BTreeSet;

/// The addresses in S3 that a script surely reads through Spark, as far as it and its step's arguments
/// tell. What the script may have written itself is not among them.
pub fn reads(script: &Script<'_>) -> BTreeSet<String> {
    match &syntax::parse(script).tree {
        Some(tree) => walk::follow(script, &tree.syntax().body).reads,
        None => BTreeSet::new(),
    }
}

/// Checks a script; returns what is wrong in the order of the text.
pub fn lint(script: &Script<'_>) -> Vec<LintFinding> {
    let syntax = syntax::parse(script);
    let mut findings = syntax.findings;
    let Some(tree) = &syntax.tree else {
        return findings;
    };
    let body = &tree.syntax().body;
    let followed = walk::follow(script, body);
    findings.extend(followed.findings);
    findings.extend(modules::missing(script, tree.syntax()));
    if !syntax.is_broken {
        findings.extend(home::nothing(script, &followed.home, body));
    }
    let allowed = Allowed::of(script.text, tree.tokens());
    findings.retain(|finding| !allowed.silences(finding));
    findings.extend(allowed.findings);
    findings.sort_by_key(|finding| (finding.at.start, finding.code));
    findings.dedup();
    findings
}
