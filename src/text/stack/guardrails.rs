//! `guardrails`: what ends a cluster.

use crate::model::hours::OffHours;
use crate::model::span::Span;
use crate::model::stack::{Ceiling, Guardrails, WhenDone};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got, record};
use crate::text::format;
use crate::text::types::Words;

record! {
    /// What ends the cluster, whatever else happens.
    pub(crate) GUARDRAILS: Guardrails = |at| {
        /// How long the cluster may do nothing: from 60s to 7d, and no longer than max_lifetime.
        idle_timeout: default("10m") = format::IDLE, "10m";
        /// How long the cluster may live at all.
        max_lifetime: default("2h") = format::LIFETIME, "2h";
        /// The cluster ends before it has cost more.
        budget: optional = format::USD, "$3";
        /// The cluster ends when no apply has followed it for so long.
        lease: optional = format::LIFETIME, "4h";
        /// The cluster ends when they begin.
        off_hours: optional = OFF_HOURS,
            "{ timezone: Asia/Seoul, terminate: \"Mon-Fri 20:00-07:00, Sat-Sun\" }";
        /// How far `clusterup extend` may move the others; not at all where nothing is said.
        ceiling: or_empty = CEILING, "{ max_lifetime: 8h, budget: $10 }";
        /// What becomes of the cluster when the job is done.
        when_done: default("terminate") = Words([
            ("terminate", WhenDone::Terminate, "The cluster ends with the job."),
            ("keep", WhenDone::Keep, "The cluster waits for more, until a guardrail ends it."),
        ]), "terminate";
    } check {
        spans(at, &idle_timeout, &max_lifetime);
    } => Guardrails {
        // The default must not outlast a short life that was asked for.
        idle_timeout: idle_timeout.min(max_lifetime),
        max_lifetime,
        budget,
        lease,
        off_hours: off_hours.into_iter().collect(),
        ceiling,
        when_done,
    };
}

record! {
    /// Hours in which no cluster shall run.
    pub(crate) OFF_HOURS: OffHours = |at| {
        /// Where the clocks hang, by its name in the IANA database.
        timezone: required = format::TIMEZONE, "Asia/Seoul";
        /// Days, and from when to when unless all day.
        terminate: required = format::WEEK, "Mon-Fri 20:00-07:00, Sat-Sun";
    } => OffHours { timezone, terminate };
}

record! {
    /// The most that a deadline may be moved to while a cluster lives.
    CEILING: Ceiling = |at| {
        /// The longest life.
        max_lifetime: optional = format::LIFETIME, "8h";
        /// The largest budget.
        budget: optional = format::USD, "$10";
    } => Ceiling { max_lifetime, budget };
}

/// What EMR takes, and that no cluster idles for longer than it lives.
fn spans(at: &mut At<'_, '_>, idle: &Got<Span>, life: &Got<Span>) {
    let (least, most) = (Guardrails::IDLE_LEAST, Guardrails::IDLE_MOST);
    if let Some((life, mark)) = life.written()
        && *life < least
    {
        let message = format!("`max_lifetime` cannot be {life}");
        at.wrong(
            Diagnostic::new(Code::OutOfRange, mark, message)
                .expected(format!("at least {}s", least.as_secs())),
        );
    }
    let Some((idle, mark)) = idle.written() else {
        return;
    };
    if !(least..=most).contains(idle) {
        let message = format!("`idle_timeout` cannot be {idle}");
        at.wrong(
            Diagnostic::new(Code::OutOfRange, mark, message)
                .expected(format!("from {}s to {most}", least.as_secs()))
                .help("EMR watches for idleness within these limits only"),
        );
    }
    if let Some(limit) = life.value
        && *idle > limit
        && *idle <= most
    {
        let message = "`idle_timeout` is longer than `max_lifetime`";
        let wrong =
            Diagnostic::new(Code::OutOfRange, mark, message).expected(format!("at most {limit}"));
        at.wrong(match life.place {
            Some(life) => wrong
                .help("a cluster cannot be idle for longer than it lives")
                .related(life.value, "`max_lifetime`"),
            None => wrong.help(format!("`max_lifetime` is {limit} when nothing is said")),
        });
    }
}
