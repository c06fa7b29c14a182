//! A cluster's bootstrap actions: where their scripts are, and how they differ.

use super::keys::Keys;
use super::refusal::Refusal;
use crate::model::bootstrap::{Bootstrap, BootstrapScript, BootstrapSpec};
use crate::model::facts::{Capacity, Facts, File};
use crate::model::stack::Stack;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The actions with the locations of their scripts. None run on this machine.
pub(super) fn expand(stack: &Stack, facts: &Facts) -> Result<Vec<BootstrapSpec>, Refusal> {
    if facts.capacity != Capacity::AsTyped {
        return Ok(Vec::new());
    }
    let one = |action: &Bootstrap| {
        let script = location(&action.script, facts).ok_or_else(|| {
            let name = action.name.as_str();
            let what = format!("the script of bootstrap action {name:?} was not read");
            Refusal::new(what, "try again")
        })?;
        Ok(BootstrapSpec {
            name: action.name.clone(),
            script,
            args: action.args.clone(),
        })
    };
    stack.cluster.bootstrap.iter().map(one).collect()
}

fn location(script: &BootstrapScript, facts: &Facts) -> Option<String> {
    match script {
        BootstrapScript::S3(location) => Some(location.clone()),
        BootstrapScript::Path(path) => {
            let file = facts.step_files.bootstrap.get(path)?;
            Some(format!("{}/{}", facts.bucket, Keys::script(file)))
        }
    }
}

/// The scripts to stage.
pub(super) fn scripts<'a>(stack: &'a Stack, facts: &'a Facts) -> impl Iterator<Item = &'a File> {
    let is_run = facts.capacity == Capacity::AsTyped;
    let files: &BTreeMap<PathBuf, File> = &facts.step_files.bootstrap;
    let of = move |action: &'a Bootstrap| match &action.script {
        BootstrapScript::Path(path) => files.get(path).filter(|_| is_run),
        BootstrapScript::S3(_) => None,
    };
    stack.cluster.bootstrap.iter().filter_map(of)
}

/// The first difference in words; `None` if there is none.
pub(super) fn difference(have: &[BootstrapSpec], want: &[BootstrapSpec]) -> Option<String> {
    if have == want {
        return None;
    }
    let names = |all: &[BootstrapSpec]| -> Vec<String> {
        all.iter().map(|action| action.name.to_string()).collect()
    };
    let (before, after) = (names(have), names(want));
    let only = |these: &[String], those: &[String]| {
        let mut these = these.iter();
        these.find(|name| !those.contains(name)).cloned()
    };
    if let Some(name) = only(&after, &before) {
        return Some(format!("the bootstrap action {name} is added"));
    }
    if let Some(name) = only(&before, &after) {
        return Some(format!("the bootstrap action {name} is removed"));
    }
    let mut pairs = have.iter().zip(want);
    let changed = pairs.find(|(have, want)| have.name == want.name && have != want);
    Some(match changed {
        Some((have, want)) if have.script == want.script => {
            format!("the arguments of the bootstrap action {} change", want.name)
        }
        Some((_, want)) => format!("the script of the bootstrap action {} changes", want.name),
        None => "the order of its bootstrap actions changes".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(name: &str, script: &str, args: &[&str]) -> BootstrapSpec {
        BootstrapSpec {
            name: name.parse().unwrap(),
            script: format!("s3://b/{script}"),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        }
    }

    #[test]
    fn a_difference_names_the_action() {
        let a = action("a", "a.sh", &["1"]);
        let b = action("b", "b.sh", &[]);
        let both = [a.clone(), b.clone()];
        assert_eq!(difference(&both, &both), None);
        for (have, want, says) in [
            (&both[..1], &both[..], "the bootstrap action b is added"),
            (&both[..], &both[..1], "the bootstrap action b is removed"),
            (
                &both[..],
                &[a.clone(), action("b", "b2.sh", &[])][..],
                "the script of the bootstrap action b changes",
            ),
            (
                &both[..],
                &[action("a", "a.sh", &["2"]), b.clone()][..],
                "the arguments of the bootstrap action a change",
            ),
            (
                &both[..],
                &[b, a][..],
                "the order of its bootstrap actions changes",
            ),
        ] {
            assert_eq!(difference(have, want).as_deref(), Some(says));
        }
    }
}
