//! The stacks of a folder, and the clusters that this machine knows of.

use super::figures::cents;
use super::progress::cluster_state;
use super::words::long;
use crate::app::overview::{FoundStack, LivingCluster};
use crate::model::place::Place;
use chrono::{DateTime, Utc};

pub(in crate::cli) fn render(
    stacks: &[FoundStack],
    living: &[LivingCluster],
    now: DateTime<Utc>,
) -> String {
    let mut lines = Vec::new();
    if stacks.is_empty() {
        lines.push("no stacks in this folder".to_owned());
    } else {
        lines.push("stacks in this folder".to_owned());
        lines.extend(stacks.iter().map(stack));
    }
    if living.is_empty() {
        lines.push("no clusters that this machine knows of".to_owned());
    } else {
        lines.push("clusters that this machine knows of".to_owned());
        lines.extend(living.iter().map(|living| cluster(living, now)));
    }
    lines.join("\n")
}

fn stack(found: &FoundStack) -> String {
    let file = found.file.display();
    match (&found.stack, &found.region) {
        (Some(stack), Some(region)) => format!("  {file}: stack {stack} in {region}"),
        (Some(stack), None) => format!("  {file}: stack {stack}"),
        (None, _) => format!("  {file}: has mistakes"),
    }
}

fn cluster(cluster: &LivingCluster, now: DateTime<Utc>) -> String {
    let LivingCluster {
        id, stack, place, ..
    } = cluster;
    let state = cluster_state(cluster.state);
    let place_words = place.in_words();
    if *place == Place::Local {
        return format!("  {id} {state}: stack {stack} {place_words}, free");
    }
    let price = cluster.hourly.map_or("unknown price".to_owned(), |hourly| {
        format!("{}/h", cents(hourly))
    });
    let ago = long(now - cluster.observed_at);
    let first = format!("  {id} {state}: stack {stack} {place_words}, {price}\n");
    let seen = format!("    observed {ago} ago");
    match cluster.ends_by {
        Some(at) if at > now => {
            let ends = long(at - now);
            format!("{first}{seen}; it ends within {ends}")
        }
        Some(at) => {
            let at = at.format("%F %H:%M UTC");
            format!("{first}{seen}; it should have ended by {at}")
        }
        None => first + &seen,
    }
}
