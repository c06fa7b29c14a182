//! The notices about clusters: who owns it, why it ends, what it cost, and the command that keeps
//! it.

use super::tracked::TrackedCluster;
use crate::cloud::CloudError;
use crate::cost::meter::{accrued, rate};
use crate::guard::Deadline;
use crate::guard::watch::Stage;
use crate::model::fleet::{MARK_TAG, WatchdogMark};
use crate::model::hint::Command;
use crate::model::name::{ClusterId, Region, StackName};
use crate::model::notice::{Level, Notice};
use crate::model::observed::End;
use crate::model::place::Place;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// The kinds of notices about a cluster. Each is sent once until the cluster is over.
pub(super) const MATTERS: [&str; 11] = [
    "disputed",
    "warn",
    "end",
    "unended",
    "unmarked",
    "late",
    "stuck",
    "forgotten",
    "protected",
    "adopted",
    "unadopted",
];

/// How often a notice about a lasting condition is repeated.
const REMINDER_INTERVAL: Span = Span::from_secs(24 * 3_600);
/// The same for a cluster that should be over and is not.
const URGENT_REMINDER_INTERVAL: Span = Span::from_secs(30 * 60);

pub(super) fn matter(what: &str, place: &Place, id: &ClusterId) -> String {
    format!("{what}/{place}/{id}")
}

/// The cluster that a notice is about.
pub(super) struct NoticeSubject<'a> {
    pub(super) place: &'a Place,
    pub(super) tracked: &'a TrackedCluster,
    pub(super) now: DateTime<Utc>,
}

pub(super) fn warning(about: &NoticeSubject<'_>, mark: WatchdogMark) -> Notice {
    let ends = mark.ends_at.format("%Y-%m-%d %H:%M UTC");
    let title = format!("{} ends at {ends}", about.name());
    Notice {
        command: about.keep(mark),
        ..about.notice("warn", Level::Warning, title)
    }
}

pub(super) fn ended(about: &NoticeSubject<'_>, end: &End) -> Notice {
    let title = format!("{} is being ended: {}", about.name(), end.reason.as_str());
    let mut notice = about.notice("end", Level::Info, title);
    if let Some((_, why)) = notice.facts.first_mut() {
        *why = end.message.to_string();
    }
    notice
}

/// The notice about a cluster that cannot be marked and is therefore not ended.
pub(super) fn unmarked(about: &NoticeSubject<'_>, error: &CloudError) -> Notice {
    let title = format!(
        "{} cannot be marked, so it is not ended: {error}",
        about.name()
    );
    Notice {
        command: about.end_command(),
        remind_after: Some(REMINDER_INTERVAL),
        ..about.notice("unmarked", Level::Alert, title)
    }
}

pub(super) fn unended(about: &NoticeSubject<'_>, error: &CloudError) -> Notice {
    let title = format!("{} cannot be ended: {error}", about.name());
    Notice {
        command: about.end_command(),
        remind_after: Some(URGENT_REMINDER_INTERVAL),
        ..about.notice("unended", Level::Alert, title)
    }
}

pub(super) fn late(about: &NoticeSubject<'_>) -> Notice {
    let title = format!("{} should have ended and has not", about.name());
    Notice {
        command: about.end_command(),
        remind_after: Some(URGENT_REMINDER_INTERVAL),
        ..about.notice("late", Level::Alert, title)
    }
}

/// The notice about a cluster whose tags say that clusterup made it, while the bucket says
/// otherwise.
pub(super) fn disputed(about: &NoticeSubject<'_>, why: &str) -> Notice {
    let title = format!("{} is treated as a foreign cluster: {why}", about.name());
    let command = match about.place {
        Place::Region(_) | Place::Account(..) => {
            let name = about.tracked.listed.name.as_str();
            let stack = name.split('/').nth(1).and_then(|stack| stack.parse().ok());
            let status = Command::clusterup("status");
            stack.map(|stack: StackName| status.stack_at(&stack, about.place))
        }
        Place::Local => None,
    };
    Notice {
        command,
        ..about.notice("disputed", Level::Warning, title)
    }
}

/// The notice about a cluster that was adopted because a policy orders it.
pub(super) fn adopted(about: &NoticeSubject<'_>, deadline: Deadline) -> Notice {
    let at = deadline.at.format("%Y-%m-%d %H:%M UTC");
    let cause = deadline.cause;
    let title = format!("{} is adopted: {cause} ends it at {at}", about.name());
    Notice {
        command: Some(about.of_this("adopt").arg("--release")),
        ..about.notice("adopted", Level::Info, title)
    }
}

/// The notice about a cluster that cannot be adopted although a policy orders it.
pub(super) fn unadopted(about: &NoticeSubject<'_>, why: &str) -> Notice {
    let title = format!("{} is not adopted: {why}", about.name());
    Notice {
        command: about.end_command(),
        remind_after: Some(REMINDER_INTERVAL),
        ..about.notice("unadopted", Level::Warning, title)
    }
}

/// The notice about a stage in which the watchdog does nothing.
pub(super) fn stage_notice(about: &NoticeSubject<'_>, stage: &Stage) -> Notice {
    let (what, level, says) = match stage {
        Stage::Stuck => ("stuck", Level::Warning, "is stuck"),
        Stage::Protected => (
            "protected",
            Level::Alert,
            "should end, and its termination protection is on",
        ),
        Stage::Keep
        | Stage::Exempt
        | Stage::Unseen
        | Stage::Forgotten
        | Stage::Adopt
        | Stage::Warn(_)
        | Stage::Grace(_)
        | Stage::Clear
        | Stage::End(..)
        | Stage::Ending
        | Stage::Late
        | Stage::Over => ("forgotten", Level::Warning, "is forgotten"),
    };
    Notice {
        command: about.end_command(),
        remind_after: Some(REMINDER_INTERVAL),
        ..about.notice(what, level, format!("{} {says}", about.name()))
    }
}

/// The command that removes a cluster's termination protection.
pub(super) fn lift_protection(region: &Region, id: &ClusterId) -> String {
    format!(
        "aws emr modify-cluster-attributes --region {region} --cluster-id {id} \
         --no-termination-protected"
    )
}

impl NoticeSubject<'_> {
    fn notice(&self, what: &str, level: Level, title: String) -> Notice {
        Notice {
            at: self.now,
            matter: matter(what, self.place, &self.tracked.listed.id),
            level,
            title,
            facts: self.facts(),
            command: None,
            remind_after: None,
        }
    }

    fn name(&self) -> String {
        let listed = &self.tracked.listed;
        let stack = self.ours().map(|cluster| cluster.stack.to_string());
        let name = stack.unwrap_or_else(|| listed.name.to_string());
        let owner = self
            .tracked
            .snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.owner.as_ref());
        let owner = owner.map_or_else(String::new, |owner| format!(" of {owner}"));
        format!("cluster {} ({name}{owner})", listed.id)
    }

    fn ours(&self) -> Option<&crate::model::observed::Cluster> {
        self.tracked.snapshot.as_ref()?.ours()
    }

    fn facts(&self) -> Vec<(String, String)> {
        let mut facts = vec![("why".to_owned(), self.tracked.assessment.evidence.clone())];
        let snapshot = self.tracked.snapshot.as_ref();
        let owner = snapshot.and_then(|snapshot| snapshot.owner.as_ref());
        facts.push((
            "owner".to_owned(),
            owner.map_or_else(|| "not known".to_owned(), ToString::to_string),
        ));
        let cost = snapshot.and_then(|snapshot| {
            let rates = snapshot.rates()?;
            let spent = accrued(rates, snapshot.instance_spans(), self.now)
                .total
                .up_to(2);
            let hourly = rate(rates, snapshot.instance_spans(), self.now).up_to(2);
            Some(format!("{spent} so far, at {hourly}/h"))
        });
        facts.push((
            "cost".to_owned(),
            cost.unwrap_or_else(|| "not known".to_owned()),
        ));
        match self.place {
            Place::Local | Place::Region(_) => {
                facts.push(("where".to_owned(), self.place.to_string()));
            }
            Place::Account(account, region) => {
                facts.push(("where".to_owned(), region.to_string()));
                let needs = format!("{account}; the command needs its credentials");
                facts.push(("account".to_owned(), needs));
            }
        }
        facts
    }

    /// The command that keeps the cluster.
    fn keep(&self, mark: WatchdogMark) -> Option<Command> {
        if let Some(cluster) = self.ours() {
            let extend = Command::clusterup("extend");
            let extend = extend.stack_at(&cluster.stack, self.place);
            return Some(extend.args("--by 1h --why").arg("not done yet"));
        }
        let region = self.place.region()?;
        let id = &self.tracked.listed.id;
        let snapshot = self.tracked.snapshot.as_ref();
        if snapshot.is_some_and(|snapshot| snapshot.adopted().is_some()) {
            let extend = self.of_this("extend");
            return Some(extend.args("--by 1h --why").arg("not done yet"));
        }
        let tag = match &self.tracked.keep {
            Some(tag) => format!("{tag}=true"),
            None => {
                // Without an exempting tag, the mark itself may be moved.
                let later = WatchdogMark {
                    ends_at: mark.ends_at + TimeDelta::days(1),
                    ..mark
                };
                format!("{MARK_TAG}={later}")
            }
        };
        let add = format!("aws emr add-tags --region {region} --resource-id {id} --tags");
        Some(Command::other(&add).arg(tag))
    }

    /// A command for this cluster, by its id.
    fn of_this(&self, verb: &str) -> Command {
        let id = self.tracked.listed.id.as_str();
        let command = Command::clusterup(verb).arg(id);
        let flags = self.place.flags();
        flags
            .iter()
            .fold(command, |command, flag| command.arg(flag))
    }

    fn end_command(&self) -> Option<Command> {
        let id = &self.tracked.listed.id;
        match (self.place, self.ours()) {
            (Place::Local, cluster) => {
                let destroy = Command::clusterup("destroy");
                cluster.map(|cluster| destroy.stack_at(&cluster.stack, self.place))
            }
            (Place::Region(region) | Place::Account(_, region), _) => {
                let protected = self
                    .tracked
                    .snapshot
                    .as_ref()
                    .is_some_and(|snapshot| snapshot.protected);
                let lift = if protected {
                    format!("{} && ", lift_protection(region, id))
                } else {
                    String::new()
                };
                let end =
                    format!("aws emr terminate-clusters --region {region} --cluster-ids {id}");
                Some(Command::shell(format!("{lift}{end}")))
            }
        }
    }
}
