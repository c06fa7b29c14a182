//! `guardrails`: what ends a cluster.

use crate::model::hours::OffHours;
use crate::model::span::Span;
use crate::model::stack::{Ceiling, Guardrails, WhenDone};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got, record};
use crate::text::format;
use crate::text::types::Words;

record! {
    /// The limits at which the cluster ends.
    pub(crate) GUARDRAILS: Guardrails = |at| {
        /// How long the cluster may be idle: from 60s to 7d, and no longer than max_lifetime.
        idle_timeout: default("10m") = format::IDLE, "10m";
        /// How long the cluster may live.
        max_lifetime: default("2h") = format::LIFETIME, "2h";
        /// How long the cluster may take to start; EMR's own limit is an hour or more.
        start_within: optional = format::LIFETIME, "45m";
        /// The cluster ends before it has cost more than this.
        budget: optional = format::USD, "$3";
        /// The cluster ends if no apply has followed it for this long.
        lease: optional = format::LIFETIME, "4h";
        /// The cluster ends when these hours begin.
        off_hours: optional = OFF_HOURS,
            "{ timezone: Asia/Seoul, terminate: \"Mon-Fri 20:00-07:00, Sat-Sun\" }";
        /// How far `clusterup extend` may move the other limits; by default not at all.
        ceiling: or_empty = CEILING, "{ max_lifetime: 8h, budget: $10 }";
        /// What happens to the cluster when the job is done.
        when_done: default("terminate") = Words([
            ("terminate", WhenDone::Terminate, "The cluster ends with the job."),
            ("keep", WhenDone::Keep, "The cluster keeps running until a guardrail ends it."),
        ]), "terminate";
    } check {
        spans(at, &idle_timeout, &max_lifetime);
    } => Guardrails {
        // The default must not exceed a shorter max_lifetime.
        idle_timeout: idle_timeout.min(max_lifetime),
        max_lifetime,
        start_within,
        budget,
        lease,
        off_hours: off_hours.into_iter().collect(),
        ceiling,
        when_done,
    };
}

record! {
    /// Hours in which no cluster may run.
    pub(crate) OFF_HOURS: OffHours = |at| {
        /// The timezone of the hours, by its name in the IANA database.
        timezone: required = format::TIMEZONE, "Asia/Seoul";
        /// Days and hours; without hours, whole days.
        terminate: required = format::WEEK, "Mon-Fri 20:00-07:00, Sat-Sun";
    } => OffHours { timezone, terminate };
}

record! {
    /// The limits up to which a deadline may be moved while a cluster lives.
    CEILING: Ceiling = |at| {
        /// The longest lifetime.
        max_lifetime: optional = format::LIFETIME, "8h";
        /// The largest budget.
        budget: optional = format::USD, "$10";
    } => Ceiling { max_lifetime, budget };
}

/// Checks that the durations are within EMR's limits, and that idle_timeout is at most
/// max_lifetime.
fn spans(at: &mut At<'_, '_>, idle: &Got<'_, Span>, life: &Got<'_, Span>) {
    let (min, max) = (Guardrails::IDLE_MIN, Guardrails::IDLE_MAX);
    let (idle_key, life_key) = (idle.key, life.key);
    if let Some((life, mark)) = life.written()
        && *life < min
    {
        let message = format!("`{life_key}` cannot be {life}");
        at.wrong(
            Diagnostic::new(Code::OutOfRange, mark, message)
                .expected(format!("at least {}s", min.as_secs())),
        );
    }
    let Some((idle, mark)) = idle.written() else {
        return;
    };
    if !(min..=max).contains(idle) {
        let message = format!("`{idle_key}` cannot be {idle}");
        at.wrong(
            Diagnostic::new(Code::OutOfRange, mark, message)
                .expected(format!("from {}s to {max}", min.as_secs()))
                .help("EMR accepts an idle timeout within these limits only"),
        );
    }
    if let Some(limit) = life.value
        && *idle > limit
        && *idle <= max
    {
        let message = format!("`{idle_key}` is longer than `{life_key}`");
        let wrong =
            Diagnostic::new(Code::OutOfRange, mark, message).expected(format!("at most {limit}"));
        at.wrong(match life.place {
            Some(life) => wrong
                .help("a cluster cannot be idle for longer than it lives")
                .related(life.value, format!("`{life_key}`")),
            None => wrong.help(format!("`{life_key}` is {limit} by default")),
        });
    }
}
