//! Checks a stack against typed limits. Of several amounts the strictest applies; names must be
//! allowed by each policy.

mod amounts;
mod names;

use super::finding::{Bound, Finding};
use super::subject::Subject;
use crate::model::extension::Extension;
use crate::model::money::Usd;
use crate::model::policy::{Effect, Limits, Located, Policy};

/// The findings of limits, and the limits that are kept.
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

/// Checks a moved deadline, and what the cluster can cost by then.
pub(super) fn extended(
    policies: &[&Policy],
    extension: &Extension,
    worst: Option<Usd>,
) -> Vec<Finding> {
    let mut found = LimitFindings::default();
    amounts::extended(policies, extension, worst, &mut found);
    found.findings
}

/// A limit's key, and the key in the stack that it is about.
#[derive(Clone, Copy)]
struct Limit {
    key: &'static str,
    at: &'static str,
}

/// Why a limit is exceeded, and what would pass.
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

/// The policies that set a limit, each with its value.
fn set<'a, T: 'a>(
    policies: &'a [&'a Policy],
    of: impl Fn(&'a Limits) -> Option<&'a Located<T>> + 'a,
) -> impl Iterator<Item = (&'a Policy, &'a Located<T>)> {
    let value = move |policy: &&'a Policy| Some((*policy, of(&policy.limits)?));
    policies.iter().filter_map(value)
}

#[cfg(test)]
mod tests {
    use crate::text::{policy_schema, setting_paths};

    #[test]
    fn limits_and_what_they_are_about_are_declared() {
        let paths = setting_paths();
        let schema = policy_schema();
        let declared = &schema["properties"]["limits"]["properties"];
        let all = [&super::amounts::ALL[..], &super::names::ALL].concat();
        assert_eq!(all.len(), declared.as_object().unwrap().len());
        for limit in all {
            assert!(declared.get(limit.key).is_some(), "{}", limit.key);
            assert!(paths.iter().any(|path| path == limit.at), "{}", limit.at);
        }
    }
}
