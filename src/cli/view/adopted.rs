//! Adopted clusters, as `adopt` and `status` show them.

use super::status;
use super::words::{long, wrap};
use crate::app::target::Target;
use crate::cloud::{AdoptionPlan, Released};
use crate::cost::meter::rate;
use crate::guard;
use crate::model::adoption::Adopted;
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};
use std::fmt::Write;

/// What adopting a cluster changes about it.
pub(in crate::cli) fn plan(plan: &AdoptionPlan, now: DateTime<Utc>, target: &Target<'_>) -> String {
    let Adopted { name, cluster, .. } = &plan.adopted;
    let mut text = format!(
        "cluster {} ({name}) {}\n",
        cluster.id,
        target.place.in_words()
    );
    let age = long(now - cluster.created_at);
    let _ = writeln!(
        text,
        "  {}, age {age}{}",
        cluster.spec.size,
        cost(cluster, now)
    );
    let mut changes = Vec::new();
    if !plan.tags.is_empty() {
        let keys: Vec<&str> = plan.tags.keys().map(String::as_str).collect();
        changes.push(format!(
            "  + tags         {}",
            wrap(&keys.join(", "), INDENT)
        ));
    }
    if let Some(at) = plan.schedule_at {
        let at = at.format("%F %H:%M UTC");
        changes.push(format!("  + schedule     EventBridge ends it at {at}"));
    }
    if let Some(idle) = plan.idle_timeout {
        changes.push(format!("  + idle policy  EMR ends it when idle for {idle}"));
    }
    if changes.is_empty() && !plan.lacks_role() {
        changes.push("  it has all of its guardrails already".to_owned());
    }
    for line in changes.into_iter().chain(remarks(plan, now)) {
        let _ = writeln!(text, "{line}");
    }
    let _ = write!(text, "  {}", until(plan, now));
    text
}

/// What stays as others have set it, and what does not work.
fn remarks(plan: &AdoptionPlan, now: DateTime<Utc>) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(idle) = plan.own_idle_timeout {
        remarks.push(format!("its own idle policy of {idle} stays"));
    }
    if plan.lacks_role() {
        remarks.push(
            "the role with which a schedule ends it is missing: --create-roles creates it, and the \
             schedule is written then"
                .to_owned(),
        );
    }
    if let Some(since) = plan.idle_since {
        remarks.push(format!(
            "it has been idle for {}: EMR's idle policy might end it at once and is not set; a watchdog \
             warns first; adopt it again when it works",
            long(now - since)
        ));
    }
    if plan.adopted.protected {
        remarks.push(
            "its termination protection is on: EMR refuses to end it until somebody switches that off"
                .to_owned(),
        );
    }
    remarks
        .iter()
        .map(|text| format!("  ! {}", wrap(text, 4)))
        .collect()
}

fn until(plan: &AdoptionPlan, now: DateTime<Utc>) -> String {
    let at = plan.deadline.at;
    let left = long(at - now);
    let at = at.format("%F %H:%M:%S UTC");
    wrap(
        &format!("{} ends it in {left}, at {at}", plan.deadline.cause),
        2,
    )
}

fn cost(cluster: &Cluster, now: DateTime<Utc>) -> String {
    let rates = cluster.spec.rates.as_ref();
    match (guard::spent(cluster, now), rates) {
        (Some(bill), Some(rates)) => {
            let hourly = rate(rates, &cluster.instance_spans, now).up_to(4);
            format!(", cost so far {}, {hourly}/h now", bill.total.up_to(4))
        }
        _ => ", its price is unknown".to_owned(),
    }
}

/// The column where what a cluster gets begins.
const INDENT: usize = 17;

/// What an adopted cluster has now.
pub(in crate::cli) fn done(plan: &AdoptionPlan, now: DateTime<Utc>) -> String {
    let cluster = &plan.adopted.cluster;
    format!("cluster {} is adopted: {}", cluster.id, until(plan, now))
}

/// An adopted cluster, for `status`.
pub(in crate::cli) fn render(adopted: &Adopted, now: DateTime<Utc>, target: &Target<'_>) -> String {
    let Adopted {
        adoption,
        cluster,
        name,
        ..
    } = adopted;
    let at = adoption.at.format("%F %H:%M UTC");
    let mut text = format!("adopted: {name}, by {} at {at}\n", adoption.by);
    if let Some(spent) = adoption.spent {
        let _ = writeln!(text, "  it had cost {spent} by then");
    }
    let here = target.session.reporter.here();
    text.push_str(&status::render_cluster(cluster, now, target, here));
    if adoption.releasing {
        text.push_str("    ! its release was interrupted; adopt --release completes it\n");
    }
    for drift in &cluster.drift {
        let _ = writeln!(text, "    ! {}", wrap(drift, 6));
    }
    text.truncate(text.trim_end().len());
    text
}

/// What a release has taken off, and what stays.
pub(in crate::cli) fn released(released: &Released) -> String {
    let id = &released.id;
    if !released.is_live {
        return format!("cluster {id} is released; it has ended");
    }
    let stays = released.own_idle_timeout.map_or_else(String::new, |idle| {
        format!("; EMR still ends it when idle for {idle}, by a policy that others have set")
    });
    wrap(
        &format!("cluster {id} is released: nothing of clusterup ends it now{stays}"),
        2,
    )
}
