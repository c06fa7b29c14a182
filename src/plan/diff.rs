//! Plans the difference between `Desired` and `Observed`. Creations follow their dependencies;
//! deletions come last.

use super::cluster::{self, Given};
use super::network;
use crate::model::action::{Action, Results};
use crate::model::desired::Desired;
use crate::model::name::StackName;
use crate::model::observed::{Observed, ObservedKeyPair};
use crate::model::plan::{Plan, Planned, Settled};
use crate::model::stack::{Ingress, IngressSource, Stack};
use std::collections::BTreeSet;

/// A plan that is being built.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) actions: Vec<Planned>,
    pub(super) settled: Vec<Settled>,
    pub(super) notes: Vec<String>,
}

impl Draft {
    pub(super) fn act(&mut self, action: Action, because: impl Into<String>) {
        self.actions.push(Planned {
            action,
            because: because.into(),
            asks: false,
        });
    }

    /// Adds an action that ends or replaces something, so that a person must confirm it.
    pub(super) fn ask(&mut self, action: Action, because: impl Into<String>) {
        self.actions.push(Planned {
            action,
            because: because.into(),
            asks: true,
        });
    }

    pub(super) fn into_plan(self, stack: &StackName) -> Plan {
        let Self {
            actions,
            settled,
            notes,
        } = self;
        Plan {
            stack: stack.clone(),
            actions,
            settled,
            notes,
        }
    }

    pub(super) fn settle(&mut self, what: impl Into<String>, because: impl Into<String>) {
        self.settled.push(Settled {
            what: what.into(),
            because: because.into(),
        });
    }
}

pub(super) fn diff(stack: &Stack, given: Given<'_>, notes: Vec<String>) -> Plan {
    let Given {
        desired,
        observed,
        options,
    } = given;
    let mut draft = Draft {
        notes,
        ..Draft::default()
    };
    if options.create_roles {
        draft.act(
            Action::CreateRoles,
            "--create-roles creates the missing ones",
        );
    }
    key_pairs(desired, observed, &mut draft);
    groups(desired, observed, &mut draft);
    bucket(desired, observed, &mut draft);
    disarm(observed, &mut draft);
    cluster::diff(given, &mut draft);
    network::move_groups(desired, observed, &mut draft);
    results(stack, given, &mut draft);
    remember(desired, observed, &mut draft);
    leftovers(desired, observed, &mut draft);
    draft.into_plan(&desired.stack)
}

/// Disarms the safeguards of clusters that are over.
pub(super) fn disarm(observed: &Observed, draft: &mut Draft) {
    for cluster in observed.clusters.iter().filter(|c| c.is_left_armed()) {
        let because = "its cluster has ended";
        draft.act(Action::Disarm(cluster.id.clone()), because);
    }
}

fn key_pairs(desired: &Desired, observed: &Observed, draft: &mut Draft) {
    for spec in &desired.key_pairs {
        let what = format!("key pair {}", spec.name);
        let create = Action::CreateKeyPair(spec.clone());
        match observed
            .key_pairs
            .iter()
            .find(|existing| existing.name == spec.name)
        {
            None => draft.act(create, "the stack names it and it does not exist"),
            Some(existing) if same_key(spec.public_key.as_deref(), existing) => {
                draft.settle(what, "its public key is the one in the stack");
            }
            Some(_) => {
                let because = "its public key is not the one in the stack";
                draft.ask(Action::DeleteKeyPair(spec.name.clone()), because);
                draft.act(create, because);
            }
        }
    }
}

/// Whether a key pair is the desired one: the same public key, or created by clusterup if the stack
/// has none.
fn same_key(desired_key: Option<&str>, existing: &ObservedKeyPair) -> bool {
    desired_key.map_or(existing.ours, |public_key| {
        public_key == existing.public_key
    })
}

fn groups(desired: &Desired, observed: &Observed, draft: &mut Draft) {
    for group in &desired.security_groups {
        let what = format!("security group {}", group.name);
        match observed
            .security_groups
            .iter()
            .find(|existing| existing.name == group.name)
        {
            None => draft.act(
                Action::CreateGroup(group.clone()),
                "the stack names it and it does not exist",
            ),
            Some(existing) if network::is_elsewhere(existing, group) => {}
            Some(existing) => {
                let have = &existing.ingress;
                let want = &group.ingress;
                let missing = alone(want, |rule| have.iter().any(|it| opens(it, rule)));
                let more = alone(have, |it| is_meant(it, have, want));
                if missing.is_empty() && more.is_empty() {
                    draft.settle(what, "its rules are those in the stack");
                } else {
                    draft.act(Action::UpdateGroup(group.clone()), rules(missing, more));
                }
            }
        }
    }
}

/// Whether an observed rule opens what a rule of the stack does.
fn opens(there: &Ingress, rule: &Ingress) -> bool {
    use IngressSource::{Caller, Here, Other, Range};
    there.port == rule.port
        && match (&there.from, &rule.from) {
            (Here(from) | Other(from), Range(range)) => from == range,
            (Here(_), Caller) => false,
            (there, rule) => there == rule,
        }
}

/// Whether an observed rule, one of `have`, is intended by a stack with the rules `want`, or not
/// the stack's concern.
fn is_meant(there: &Ingress, have: &[Ingress], want: &[Ingress]) -> bool {
    use IngressSource::{Caller, Here, Other, Range};
    let is_caller = |rule: &Ingress| rule.port == there.port && rule.from == Caller;
    // Rules by address count too, as they show whether it is intended.
    let is_address = |it: &Ingress| it.port == there.port && matches!(it.from, Here(_) | Other(_));
    want.iter().any(|rule| opens(there, rule))
        || match there.from {
            Other(_) => true,
            Here(_) => want.iter().any(is_caller),
            Caller => have.iter().any(is_address),
            Range(_) => false,
        }
}

/// The rules without a counterpart, in order and without duplicates, in words.
fn alone(rules: &[Ingress], answered: impl Fn(&Ingress) -> bool) -> String {
    let rules: BTreeSet<_> = rules.iter().filter(|rule| !answered(rule)).collect();
    let words = rules
        .into_iter()
        .map(|rule| format!("{} from {}", rule.port, source(&rule.from)));
    words.collect::<Vec<_>>().join(", ")
}

/// Describes the missing and the surplus rules of a group.
fn rules(missing: String, more: String) -> String {
    match (missing, more) {
        (missing, more) if more.is_empty() => format!("it does not open port {missing}"),
        (missing, more) if missing.is_empty() => {
            format!("it opens port {more}, which the stack does not have")
        }
        (missing, more) => format!("it opens port {more} where the stack has {missing}"),
    }
}

fn source(from: &IngressSource) -> String {
    match from {
        IngressSource::Caller | IngressSource::Here(_) => "this machine's address".to_owned(),
        IngressSource::Range(range) | IngressSource::Other(range) => range.to_string(),
    }
}

fn bucket(desired: &Desired, observed: &Observed, draft: &mut Draft) {
    match &observed.bucket {
        None => draft.act(
            Action::CreateBucket,
            "scripts, data and results are stored in it",
        ),
        Some(_) => draft.settle("bucket", "it is there"),
    }
    let there = |key: &str| {
        observed
            .bucket
            .as_ref()
            .is_some_and(|b| b.contains_key(key))
    };
    let missing_objects: Vec<_> = desired
        .objects
        .iter()
        .filter(|object| !there(&object.key))
        .cloned()
        .collect();
    let staged = desired.objects.len() - missing_objects.len();
    if staged > 0 {
        draft.settle(files(staged), "already in the bucket with the same content");
    }
    if !missing_objects.is_empty() {
        draft.act(
            Action::Stage(missing_objects),
            "the bucket does not have this content",
        );
    }
}

fn files(count: usize) -> String {
    if count == 1 {
        "1 file".to_owned()
    } else {
        format!("{count} files")
    }
}

/// Results are downloaded when a run has completed and those of another run, or none, are there.
fn results(stack: &Stack, given: Given<'_>, draft: &mut Draft) {
    let Given {
        desired,
        observed,
        options,
    } = given;
    let (Some(job), Some(to)) = (
        &desired.job,
        stack.job.as_ref().and_then(|j| j.results.clone()),
    ) else {
        return;
    };
    let Some(run) = cluster::good_run(job, observed).filter(|_| !options.again) else {
        return;
    };
    let at_home = observed.results_home.as_ref();
    if let Some(at_home) = at_home.filter(|at_home| at_home.run == run) {
        let says = if at_home.empty {
            "the job wrote nothing to ${results}".to_owned()
        } else {
            format!("in {}", to.display())
        };
        draft.settle("results", says);
    } else {
        let key = job.results_key.clone();
        draft.act(
            Action::BringHome(Results { run, key, to }),
            "the job succeeded",
        );
    }
}

/// A completed run is recorded while its cluster still reports it.
fn remember(desired: &Desired, observed: &Observed, draft: &mut Draft) {
    let run = desired
        .job
        .as_ref()
        .and_then(|job| cluster::good_run(job, observed));
    if let Some(run) = run.filter(|run| !observed.remembered.contains(run)) {
        draft.act(Action::Remember(run), "the job succeeded");
    }
}

/// Removes what the stack no longer names.
fn leftovers(desired: &Desired, observed: &Observed, draft: &mut Draft) {
    for existing in &observed.security_groups {
        if !desired
            .security_groups
            .iter()
            .any(|group| group.name == existing.name)
        {
            cluster::outlast(observed, draft);
            draft.ask(
                Action::DeleteGroup(existing.name.clone()),
                "the stack no longer names it",
            );
        }
    }
    for existing in &observed.key_pairs {
        if !desired
            .key_pairs
            .iter()
            .any(|pair| pair.name == existing.name)
        {
            draft.ask(
                Action::DeleteKeyPair(existing.name.clone()),
                "the stack no longer names it",
            );
        }
    }
}
