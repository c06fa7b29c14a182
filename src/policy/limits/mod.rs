//! Typed limits against a stack. Of an amount, the strictest of all policies rules; of names, each
//! policy has to allow them.

mod amounts;
mod names;

use super::finding::{Bound, Finding};
use super::subject::Subject;
use crate::model::extension::Extension;
use crate::model::money::Usd;
use crate::model::policy::{Effect, Limits, Located, Policy};

/// What the limits of these policies say.
#[derive(Debug, Default)]
pub(super) struct LimitFindings {
    pub(super) findings: Vec<Finding>,
    pub(super) bounds: Vec<Bound>,
}

pub(super) fn check(policies: &[&Policy], subject: &Subject<'_>) -> LimitFindings {
    let mut found = LimitFindings::default();
    amounts::check(policies, subject, &mut found);
    names::check(policies, subject, &mut found);
    found
}

/// What they say of a deadline that is moved, and of what the cluster can cost by then.
pub(super) fn extended(
    policies: &[&Policy],
    extension: &Extension,
    worst: Option<Usd>,
) -> Vec<Finding> {
    let mut found = LimitFindings::default();
    amounts::extended(policies, extension, worst, &mut found);
    found.findings
}

/// What a limit is about: its key, and where in the stack that is.
struct Limit {
    key: &'static str,
    at: &'static str,
}

/// What is wrong, and what would pass.
struct Breach {
    figure: Option<String>,
    limit: Option<String>,
    message: String,
    pass: String,
}

impl Limit {
    const fn new(key: &'static str, at: &'static str) -> Self {
        Self { key, at }
    }

    fn rule(&self) -> String {
        format!("limits.{}", self.key)
    }

    fn finding(&self, policy: &Policy, line: usize, breach: Breach) -> Finding {
        Finding {
            policy: policy.name.clone(),
            rule: self.rule(),
            place: policy.place(line),
            effect: Effect::Deny,
            at: self.at,
            figure: breach.figure,
            limit: breach.limit,
            message: breach.message,
            pass: breach.pass,
            overridden: false,
        }
    }
}

/// The policies that set a limit, each with what it says.
fn set<'a, T: 'a>(
    policies: &'a [&'a Policy],
    of: impl Fn(&'a Limits) -> Option<&'a Located<T>> + 'a,
) -> impl Iterator<Item = (&'a Policy, &'a Located<T>)> {
    let said = move |policy: &&'a Policy| Some((*policy, of(&policy.limits)?));
    policies.iter().filter_map(said)
}
