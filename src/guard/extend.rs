//! Moves the deadline of a living cluster, as far as its stack allows.

use super::hard_deadline;
use super::verdict::Deadline;
use crate::model::adoption::Adoption;
use crate::model::extension::Extension;
use crate::model::observed::Cluster;
use std::fmt::Display;

/// Why a deadline cannot be moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The request is invalid for this cluster.
    #[error("{message}")]
    Input {
        /// What is wrong.
        message: String,
        /// How to fix it.
        next: String,
    },
    /// The stack's ceiling is lower than the request.
    #[error("{message}")]
    Ceiling {
        /// What is wrong.
        message: String,
        /// How to fix it.
        next: String,
    },
}

/// The hard deadline that a living cluster has with an extension.
///
/// # Errors
/// Returns an error if there is nothing to move, if the deadline would not move forward, or if the
/// stack's ceiling does not allow it.
pub fn extended(cluster: &Cluster, extension: &Extension) -> Result<Deadline, Refused> {
    moved(cluster, extension, Origin::Stack)
}

/// The hard deadline that a living cluster which was adopted has with an extension.
///
/// # Errors
/// As [`extended`]; instead of a ceiling, there is the largest limit that an adoption can have.
pub fn extended_adoption(cluster: &Cluster, extension: &Extension) -> Result<Deadline, Refused> {
    let now = cluster.guardrails().max_lifetime;
    if extension.max_lifetime.is_some() && Adoption::is_unlimited(now) {
        return Err(Refused::Input {
            message: "the cluster was adopted without a lifetime, so there is none to extend"
                .to_owned(),
            next: "its budget ends it: raise that with --budget".to_owned(),
        });
    }
    moved(cluster, extension, Origin::Adoption)
}

/// Where the limits of a cluster are from.
#[derive(Clone, Copy)]
enum Origin {
    Stack,
    Adoption,
}

fn moved(cluster: &Cluster, extension: &Extension, origin: Origin) -> Result<Deadline, Refused> {
    let now = cluster.guardrails();
    let ceiling = cluster.spec.guardrails.ceiling;
    if let Some(to) = extension.max_lifetime {
        origin.forward("max_lifetime", now.max_lifetime, to)?;
        origin.within("max_lifetime", ceiling.max_lifetime, to)?;
    }
    match (extension.budget, now.budget) {
        (Some(_), None) => {
            return Err(Refused::Input {
                message: "the cluster has no budget that could be moved".to_owned(),
                next: "leave --budget out".to_owned(),
            });
        }
        (Some(to), Some(now)) => {
            origin.forward("budget", now, to)?;
            origin.within("budget", ceiling.budget, to)?;
        }
        (None, _) => {}
    }
    let mut extended = cluster.clone();
    extended.extensions.push(extension.clone());
    Ok(hard_deadline(&extended))
}

impl Origin {
    fn forward<T: PartialOrd + Display>(self, what: &str, now: T, to: T) -> Result<(), Refused> {
        if to > now {
            return Ok(());
        }
        let earlier = match self {
            Self::Stack => format!("lower {what} and its ceiling in the stack, and apply"),
            Self::Adoption => format!("adopt it again with a lower {what}"),
        };
        Err(Refused::Input {
            message: format!("{what} is {now} already, and {to} is not more"),
            next: format!("choose a later limit; to end it earlier, {earlier}"),
        })
    }

    fn within<T>(self, what: &str, ceiling: Option<T>, to: T) -> Result<(), Refused>
    where
        T: PartialOrd + Display,
    {
        let (message, change) = match (ceiling, self) {
            (Some(ceiling), _) if to <= ceiling => return Ok(()),
            (Some(most), Self::Adoption) => {
                return Err(Refused::Input {
                    message: format!("{what} of {to} is more than an adoption can have: {most}"),
                    next: "choose a lower limit".to_owned(),
                });
            }
            (Some(ceiling), Self::Stack) => (
                format!("{what} of {to} is beyond the stack's ceiling of {ceiling}"),
                "raise",
            ),
            (None, _) => (
                format!("the stack has no ceiling for {what}, so it is not moved"),
                "set",
            ),
        };
        let next = format!("{change} guardrails.ceiling.{what} in the stack, then apply it");
        Err(Refused::Ceiling { message, next })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cause;
    use super::super::sample::{at, cluster};
    use super::*;
    use crate::model::adoption::AdoptedLimits;
    use crate::model::span::Span;
    use crate::model::stack::Ceiling;

    fn extension(max_lifetime: Option<&str>, budget: Option<&str>) -> Extension {
        Extension {
            at: at(0),
            max_lifetime: max_lifetime.map(|text| text.parse().unwrap()),
            budget: budget.map(|text| text.parse().unwrap()),
            by: "me@host".into(),
            why: "slow".into(),
        }
    }

    #[test]
    fn a_deadline_moves_only_within_the_ceiling() {
        let mut cluster = cluster(Some(0));
        let longer = extension(Some("20m"), None);
        assert!(matches!(
            extended(&cluster, &longer),
            Err(Refused::Ceiling { .. })
        ));
        cluster.spec.guardrails.ceiling = Ceiling {
            max_lifetime: Some(Span::from_secs(1_200)),
            budget: Some("$1".parse().unwrap()),
        };
        let deadline = extended(&cluster, &longer).unwrap();
        assert_eq!((deadline.at, deadline.cause), (at(1_200), Cause::Lifetime));
        for (span, money) in [(Some("21m"), None), (Some("20m"), Some("$1.01"))] {
            cluster.spec.guardrails.budget = Some("$0.5".parse().unwrap());
            let refused = extended(&cluster, &extension(span, money));
            assert!(
                matches!(refused, Err(Refused::Ceiling { .. })),
                "{refused:?}"
            );
        }
        let shorter = extended(&cluster, &extension(Some("10m"), None));
        assert!(matches!(shorter, Err(Refused::Input { .. })));
        cluster.spec.guardrails.budget = None;
        let none = extended(&cluster, &extension(None, Some("$1")));
        assert!(matches!(none, Err(Refused::Input { .. })));
    }

    #[test]
    fn hints_about_an_adopted_cluster_name_no_stack() {
        let limits = |max_lifetime: Option<&str>| AdoptedLimits {
            max_lifetime: max_lifetime.map(|text| text.parse().unwrap()),
            budget: "$5".parse().ok(),
            idle_timeout: None,
        };
        let mut cluster = cluster(Some(0));
        let mut refused = |set: AdoptedLimits, lifetime: Option<&str>, budget: Option<&str>| {
            cluster.spec.guardrails = set.guardrails();
            match extended_adoption(&cluster, &extension(lifetime, budget)) {
                Err(Refused::Input { message, next }) => format!("{message}; {next}"),
                other => panic!("{other:?}"),
            }
        };
        for (says, set, lifetime, budget) in [
            ("--budget", None, Some("1h"), None),
            ("adopt it again", Some("4h"), Some("1h"), None),
            ("adopt it again", Some("4h"), None, Some("$4")),
            ("choose a lower limit", Some("4h"), None, Some("$900000000")),
        ] {
            let text = refused(limits(set), lifetime, budget);
            assert!(text.contains(says) && !text.contains("stack"), "{text}");
        }
        cluster.spec.guardrails = limits(Some("4h")).guardrails();
        assert!(extended_adoption(&cluster, &extension(Some("5h"), None)).is_ok());
    }

    #[test]
    fn a_lower_ceiling_takes_back_an_extension() {
        let mut cluster = cluster(Some(0));
        cluster.extensions.push(extension(Some("20m"), Some("$9")));
        cluster.spec.guardrails.budget = Some("$5".parse().unwrap());
        let lifetime_and_budget = |cluster: &Cluster| {
            let now = cluster.guardrails();
            (
                now.max_lifetime.to_string(),
                now.budget.unwrap().to_string(),
            )
        };
        let words = |span: &str, dollars: &str| (span.to_owned(), dollars.to_owned());
        assert_eq!(lifetime_and_budget(&cluster), words("10m", "$5.00"));
        for (most, allowed) in [
            (("15m", "$7"), ("15m", "$7.00")),
            (("1h", "$70"), ("20m", "$9.00")),
            (("5m", "$1"), ("10m", "$5.00")),
        ] {
            cluster.spec.guardrails.ceiling = Ceiling {
                max_lifetime: Some(most.0.parse().unwrap()),
                budget: Some(most.1.parse().unwrap()),
            };
            assert_eq!(lifetime_and_budget(&cluster), words(allowed.0, allowed.1));
        }
    }

    #[test]
    fn an_earlier_guardrail_still_applies() {
        let mut cluster = cluster(Some(0));
        cluster.spec.guardrails.ceiling.max_lifetime = Some(Span::from_secs(86_400));
        cluster.spec.guardrails.budget = Some("$0.02".parse().unwrap());
        let before = hard_deadline(&cluster);
        let deadline = extended(&cluster, &extension(Some("1d"), None)).unwrap();
        assert_eq!((deadline, deadline.cause), (before, Cause::Budget));
    }
}
