//! Shows that a step hangs while its job is followed, with the fixes for the stack.

use crate::app::fixes::Fixer;
use crate::app::reporter::{Progress, Reporter};
use crate::cli::view;
use crate::model::event::{Event, Listener};
use crate::model::facts::Facts;
use crate::model::hint::CommandContext;
use crate::model::name::StepName;
use crate::model::observed::{Cluster, EndReason};
use crate::model::stack::Stack;
use crate::model::stuck::Stuck;
use crate::plan::fix;
use serde::Serialize;
use std::cell::RefCell;

/// What was reported during this `apply`.
#[derive(Default)]
pub(super) struct Reports(RefCell<Vec<Report>>);

struct Report {
    step: StepName,
    /// With the fixes.
    stuck: Stuck,
}

impl Reports {
    /// The reports in JSON, with their commands completed.
    pub(super) fn documents(&self, here: &CommandContext) -> Vec<StuckDocument> {
        let reports = self.0.borrow();
        let document = |report: &Report| {
            let Report { step, stuck } = report;
            let mut stuck = stuck.clone();
            stuck.diagnosis = view::diagnosis::completed(&stuck.diagnosis, here);
            StuckDocument {
                step: step.clone(),
                ends: stuck.ends,
                stuck,
            }
        };
        reports.iter().map(document).collect()
    }

    /// Adds to a cluster's step why the cluster ended for it, if its record lacks that.
    pub(super) fn recall(&self, cluster: &mut Cluster) {
        let end = cluster.end.as_ref();
        if end.is_none_or(|end| end.reason != EndReason::Stuck) {
            return;
        }
        for report in self.0.borrow().iter().filter(|report| report.stuck.ends) {
            let steps = cluster.steps.iter_mut();
            let mut named = steps.filter(|step| step.name == report.step);
            if let Some(step) = named.next_back().filter(|step| step.stuck.is_empty()) {
                step.stuck.push(report.stuck.clone());
            }
        }
    }
}

/// Shows hangs, and passes other events on to the progress.
pub(super) struct StuckListener<'a> {
    /// The stack, with the memory of the attempt.
    pub(super) stack: Stack,
    pub(super) facts: &'a Facts,
    pub(super) fixer: Fixer<'a>,
    pub(super) progress: &'a dyn Progress,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) reports: &'a Reports,
    /// Whether logs are read as they are written.
    pub(super) is_live: bool,
}

impl Listener for StuckListener<'_> {
    fn on_event(&self, event: &Event) {
        self.progress.on_event(event);
        if let Event::Stuck { name, stuck } = event {
            self.show(name, stuck);
        }
    }
}

impl StuckListener<'_> {
    fn show(&self, step: &StepName, stuck: &Stuck) {
        let failed = fix::Failed {
            stack: &self.stack,
            facts: self.facts,
            step: Some(step),
            skew: None,
        };
        let mut stuck = stuck.clone();
        let diagnosis = &mut stuck.diagnosis;
        diagnosis.fixes = self.fixer.fixes(failed, &diagnosis.remedies);
        let what = format!("step {step}");
        let shown = view::diagnosis::Shown {
            what: &what,
            outcome: view::diagnosis::Outcome::Stuck,
            diagnosis: &stuck.diagnosis,
            searched: &[],
            has_stack: true,
            indent: 0,
        };
        self.reporter
            .say(&view::diagnosis::render(shown, self.reporter.here()));
        let then = match (stuck.ends, self.is_live) {
            (true, true) => "  the cluster ends for this: job.stuck is end",
            (true, false) => {
                "  the cluster ends if the log's next upload still shows it: job.stuck is end"
            }
            (false, _) => {
                "  the job goes on until it ends or a guardrail ends it; Ctrl-C ends it now"
            }
        };
        self.reporter.say(then);
        self.reports.0.borrow_mut().push(Report {
            step: step.clone(),
            stuck,
        });
    }
}

/// A step that hangs.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct StuckDocument {
    /// The step.
    step: StepName,
    /// How it hangs, and what fixes it.
    stuck: Stuck,
    /// Whether the cluster ends for it.
    ends: bool,
}
