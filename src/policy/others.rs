//! Policies for foreign clusters. They belong to no team, so every policy with `unmanaged` applies;
//! of several values the mildest is used, key by key.

use super::judge::Policies;
use crate::model::adoption::AdoptedLimits;
use crate::model::application::Application;
use crate::model::name::PolicyName;
use crate::model::orders::{Mildest, Unmanaged, UnmanagedAction};
use crate::model::span::Span;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The default if no policy sets another.
const HOUR: Span = Span::from_secs(3_600);

type Declared<'a> = (&'a PolicyName, &'a Unmanaged);

impl Policies {
    fn declared(&self) -> Vec<Declared<'_>> {
        self.iter()
            .filter_map(|policy| Some((&policy.name, &policy.unmanaged.as_ref()?.value)))
            .collect()
    }

    /// The merged `unmanaged` of all policies, and which policy decided each value. Without any,
    /// foreign clusters are only reported.
    pub(super) fn unmanaged(&self) -> (Unmanaged, Mildest) {
        let all = self.declared();
        let action = all.iter().min_by_key(|it| it.1.action);
        let idle = all
            .iter()
            .max_by_key(|it| (it.1.idle_timeout, Reverse(it.0)));
        let grace = all.iter().max_by_key(|it| (it.1.grace, Reverse(it.0)));
        // No limit is milder than any limit.
        let longest = all.iter().max_by_key(|it| {
            let limit = it.1.max_lifetime;
            (limit.is_none(), limit, Reverse(it.0))
        });
        let largest = all.iter().max_by_key(|it| {
            let budget = it.1.budget;
            (budget.is_none(), budget, Reverse(it.0))
        });
        let name = |it: Option<&Declared<'_>>| it.map(|it| it.0.clone());
        let mildest = Mildest {
            of: all.len(),
            action: name(action),
            idle_timeout: name(idle),
            max_lifetime: name(longest),
            budget: name(largest),
            grace: name(grace),
        };
        let unmanaged = Unmanaged {
            action: action.map_or(UnmanagedAction::Notify, |it| it.1.action),
            idle_timeout: idle.map_or(HOUR, |it| it.1.idle_timeout),
            max_lifetime: longest.and_then(|it| it.1.max_lifetime),
            budget: largest.and_then(|it| it.1.budget),
            grace: grace.map_or(HOUR, |it| it.1.grace),
            idle_by_yarn: common(&all),
        };
        (unmanaged, mildest)
    }

    /// The limits with which foreign clusters are adopted; `None` unless a policy has `unmanaged`.
    pub fn adoption_limits(&self) -> Option<AdoptedLimits> {
        let (unmanaged, mildest) = self.unmanaged();
        (mildest.of > 0).then(|| unmanaged.limits())
    }

    /// Which policy decides each value for foreign clusters, on one line; `None` unless several
    /// policies have `unmanaged`.
    pub fn mildest_says(&self) -> Option<String> {
        let (unmanaged, mildest) = self.unmanaged();
        let by = |name: &Option<PolicyName>| {
            let name = name.as_ref().map_or("", |name| name.as_str());
            format!("by policy {name}")
        };
        let lifetime = match unmanaged.max_lifetime {
            Some(limit) => format!("max_lifetime {limit}"),
            None => "no max_lifetime".to_owned(),
        };
        (mildest.of > 1).then(|| {
            format!(
                "foreign clusters, by the mildest of {} policies: {} {}, idle_timeout {} {}, \
                 {lifetime} {}, grace {} {}",
                mildest.of,
                unmanaged.action.as_str(),
                by(&mildest.action),
                unmanaged.idle_timeout,
                by(&mildest.idle_timeout),
                by(&mildest.max_lifetime),
                unmanaged.grace,
                by(&mildest.grace),
            )
        })
    }
}

/// The values that all of them name: a policy that does not name one keeps its clusters.
fn common(all: &[Declared<'_>]) -> BTreeSet<Application> {
    let mut named = all.iter().map(|it| it.1.idle_by_yarn.clone());
    let first = named.next().unwrap_or_default();
    named.fold(first, |some, more| {
        some.intersection(&more).cloned().collect()
    })
}

#[cfg(test)]
mod tests {
    use crate::policy::{Policies, load};

    fn policies(texts: &[&str]) -> Policies {
        let mut policies = Policies::default();
        policies.extend(texts.iter().enumerate().map(|(number, text)| {
            let name = char::from(b'a' + u8::try_from(number).unwrap());
            load("p.yaml", &format!("policy: {name}\n{text}\n")).unwrap()
        }));
        policies
    }

    #[test]
    fn foreign_clusters_are_adopted_by_policies_that_speak_of_them() {
        assert!(policies(&[]).adoption_limits().is_none());
        let silent = policies(&["watchdog: { warn_before: 5m }"]);
        assert!(silent.adoption_limits().is_none());
        let one = policies(&["unmanaged: { action: adopt, max_lifetime: 1d }"]);
        let limits = one.adoption_limits().unwrap();
        assert_eq!(limits.max_lifetime, "1d".parse().ok());
    }

    #[test]
    fn the_mildest_policy_decides_each_key_and_is_named() {
        let strict = "unmanaged: { action: terminate, idle_timeout: 30m, max_lifetime: 1d }";
        let patient =
            "unmanaged: { action: terminate, idle_timeout: 4h, max_lifetime: 7d, grace: 2h }";
        let silent = "watchdog: { warn_before: 5m }";
        let telling = "unmanaged: { action: notify }";
        for (texts, expected) in [
            (&[][..], None),
            (&[strict], None),
            (&[strict, silent], None),
            (
                &[strict, patient],
                Some(
                    "2 policies: terminate by policy a, idle_timeout 4h by policy b, \
                      max_lifetime 7d by policy b, grace 2h by policy b",
                ),
            ),
            (
                &[patient, strict, telling],
                Some(
                    "3 policies: notify by policy c, idle_timeout 4h by policy a, \
                      no max_lifetime by policy c, grace 2h by policy a",
                ),
            ),
        ] {
            let says = policies(texts).mildest_says();
            let whole = expected.map(|it| format!("foreign clusters, by the mildest of {it}"));
            assert_eq!(says, whole);
        }
    }
}
