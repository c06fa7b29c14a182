//! Guardrails: what of the request ends a cluster, and what clusterup adds.

use super::About;
use crate::import::at::At;
use crate::import::yaml::Yaml;
use crate::model::span::Span;

/// How long an imported cluster may live: longer than most jobs run, since a request does not say it.
pub(in crate::import) const MAX_LIFETIME: Span = Span::from_secs(8 * 3_600);

pub(super) fn read(root: &At<'_>, keeps: Option<At<'_>>, about: About) -> Yaml {
    let mut entries = Vec::new();
    let policy = root.get("AutoTerminationPolicy");
    let timeout = policy.as_ref().and_then(|of| of.get("IdleTimeout"));
    let seconds = timeout.as_ref().and_then(At::number);
    let mut life = MAX_LIFETIME;
    if let (Some(timeout), Some(seconds)) = (&timeout, seconds) {
        timeout.carry();
        let idle = Span::from_secs(seconds);
        life = life.max(idle);
        entries.push(("idle_timeout", Yaml::plain(idle).from(timeout)));
    } else {
        let note = "added: the cluster ends when it has been idle for this long";
        entries.push(("idle_timeout", Yaml::plain("30m").note(note)));
    }
    let note = "added: the cluster ends at this age; set it above the longest run of the job";
    entries.push(("max_lifetime", Yaml::plain(life).fixed().note(note)));
    let when_done = if about.keeps { "keep" } else { "terminate" };
    let mut done = Yaml::plain(when_done).fixed();
    if let Some(keeps) = &keeps {
        keeps.carry();
        done = done.from(keeps);
    }
    entries.push(("when_done", done));
    let guardrails = Yaml::map(entries);
    match &policy {
        Some(policy) => guardrails.from(policy),
        None => guardrails,
    }
}
