//! The forms in which documents come: each becomes the request RunJobFlow, with the places of its parts
//! in the document.

mod build;
mod choice;
mod cli;
mod cli_parts;
mod cloudformation;
mod cloudtrail;
mod described;
mod functions;
mod shell;
mod shorthand;
mod taking;
mod terraform;
mod terraform_owner;
mod terraform_parts;

use super::fates::Fate;
use super::path::Path;
use super::{Form, Refused, Wrong, json};
use serde_json::Value;
use std::collections::BTreeMap;

/// A request that was read.
pub(super) struct Read {
    pub(super) form: Form,
    pub(super) request: Value,
    /// The places of its parts in the document; without one, a part has its own place.
    pub(super) places: Places,
    /// The region, if the document names it.
    pub(super) region: Option<String>,
    /// What the request does not have of the document: the place, what its loss means, and why.
    pub(super) losses: Vec<(String, Fate, String)>,
}

/// Places in a document by those in the request.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<Path, String>);

impl Places {
    pub(super) fn add(&mut self, path: Path, place: String) {
        self.0.insert(path, place);
    }

    /// The part of the request that is nearest to a place in the document: the innermost one whose place
    /// it is in.
    pub(super) fn nearest(&self, place: &str) -> Path {
        let is_within = |known: &str| {
            let below = place.strip_prefix(known);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let around = self.0.iter().filter(|(_, known)| is_within(known));
        let innermost = around.max_by_key(|(_, known)| known.len());
        innermost.map(|(path, _)| path.clone()).unwrap_or_default()
    }

    /// The place in the document of a part of the request.
    pub(super) fn of(&self, path: &Path) -> String {
        let above = (0..=path.len()).rev().map(|keys| path.up_to(keys));
        let mut known = above.filter_map(|above| self.0.get_key_value(&above));
        match known.next() {
            Some((known, place)) => path.below(known, place),
            None => path.to_string(),
        }
    }
}

/// Reads a document of a form; `None` recognises it. `cluster`: which one, of several.
pub(super) fn read(
    document: &str,
    form: Option<Form>,
    cluster: Option<&str>,
) -> Result<Read, Refused> {
    let begins = document.trim_start().trim_start_matches("$ ");
    let is_line = form.is_none() && begins.starts_with("aws ");
    if is_line || form == Some(Form::Cli) {
        only(cluster)?;
        return Ok(cli::read(document)?);
    }
    let is_json = begins.starts_with(['{', '[']) || begins.is_empty();
    let is_template = form == Some(Form::CloudFormation) || form.is_none();
    let root = if is_template && !is_json {
        cloudformation::yaml(document)?
    } else {
        json::merged(document)?
    };
    match form.unwrap_or_else(|| recognised(&root)) {
        Form::CloudFormation => cloudformation::read(root, cluster),
        Form::CloudTrail => cloudtrail::read(root, cluster),
        Form::Terraform => terraform::read(root, cluster),
        Form::Cluster => {
            only(cluster)?;
            Ok(described::read(root)?)
        }
        Form::RunJobFlow | Form::Cli => {
            only(cluster)?;
            Ok(Read {
                form: Form::RunJobFlow,
                request: root,
                places: Places::default(),
                region: None,
                losses: Vec::new(),
            })
        }
    }
}

/// Refuses a choice among the clusters of a form that has one.
fn only(cluster: Option<&str>) -> Result<(), Wrong> {
    if cluster.is_none() {
        return Ok(());
    }
    Err(Wrong {
        place: "--cluster".to_owned(),
        message: "this form has one cluster, and none is to be chosen".to_owned(),
    })
}

fn recognised(root: &Value) -> Form {
    let has = |key| root.get(key).is_some();
    if has("format_version") && (has("values") || has("planned_values")) {
        return Form::Terraform;
    }
    if described::is_one(root) {
        return Form::Cluster;
    }
    if cloudtrail::is_one(root) {
        return Form::CloudTrail;
    }
    if has("Resources") || has("AWSTemplateFormatVersion") {
        return Form::CloudFormation;
    }
    Form::RunJobFlow
}
