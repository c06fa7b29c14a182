//! What policies say of clusters that clusterup did not make. They belong to no team, so every policy
//! that speaks of them does; of several the mildest holds, word by word.

use super::judge::Policies;
use crate::model::application::Application;
use crate::model::name::PolicyName;
use crate::model::orders::{Mildest, Unmanaged, UnmanagedAction};
use crate::model::span::Span;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Where no policy says otherwise.
const HOUR: Span = Span::from_secs(3_600);

type Said<'a> = (&'a PolicyName, &'a Unmanaged);

impl Policies {
    fn said(&self) -> Vec<Said<'_>> {
        self.iter()
            .filter_map(|policy| Some((&policy.name, &policy.unmanaged.as_ref()?.value)))
            .collect()
    }

    /// Without a policy that says so, nothing is done about others' clusters but telling of them.
    pub(super) fn unmanaged(&self) -> (Unmanaged, Mildest) {
        let all = self.said();
        let action = all.iter().min_by_key(|it| it.1.action);
        let idle = all
            .iter()
            .max_by_key(|it| (it.1.idle_timeout, Reverse(it.0)));
        let grace = all.iter().max_by_key(|it| (it.1.grace, Reverse(it.0)));
        // One that sets no limit is milder than any that does.
        let instance_span = all.iter().max_by_key(|it| {
            let most = it.1.max_lifetime;
            (most.is_none(), most, Reverse(it.0))
        });
        let name = |it: Option<&Said<'_>>| it.map(|it| it.0.clone());
        let mildest = Mildest {
            of: all.len(),
            action: name(action),
            idle_timeout: name(idle),
            max_lifetime: name(instance_span),
            grace: name(grace),
        };
        let unmanaged = Unmanaged {
            action: action.map_or(UnmanagedAction::Notify, |it| it.1.action),
            idle_timeout: idle.map_or(HOUR, |it| it.1.idle_timeout),
            max_lifetime: instance_span.and_then(|it| it.1.max_lifetime),
            grace: grace.map_or(HOUR, |it| it.1.grace),
            idle_by_yarn: common(&all),
        };
        (unmanaged, mildest)
    }

    /// Which of several policies decides what becomes of clusters of others, in a line; none where
    /// no two speak of them.
    pub fn mildest_says(&self) -> Option<String> {
        let (unmanaged, mildest) = self.unmanaged();
        let by = |name: &Option<PolicyName>| {
            let name = name.as_ref().map_or("", |name| name.as_str());
            format!("by policy {name}")
        };
        let instance_span = match unmanaged.max_lifetime {
            Some(most) => format!("max_lifetime {most}"),
            None => "no max_lifetime".to_owned(),
        };
        (mildest.of > 1).then(|| {
            format!(
                "clusters of others, by the mildest of {} policies: {} {}, idle_timeout {} {}, \
                 {instance_span} {}, grace {} {}",
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

/// What all of them name: one that does not name it keeps its clusters.
fn common(all: &[Said<'_>]) -> BTreeSet<Application> {
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
    fn the_mildest_decides_each_word_and_is_named() {
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
            let whole = expected.map(|it| format!("clusters of others, by the mildest of {it}"));
            assert_eq!(says, whole);
        }
    }
}
