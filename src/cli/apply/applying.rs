//! One `apply`, from its plan to the end of its job.

use super::stuck::Reports;
use crate::app::agreement::{Agreement, PlanReader};
use crate::app::diagnosis;
use crate::app::failure::{Exit, Failure};
use crate::app::fixes::Fixer;
use crate::app::inputs::InputCheck;
use crate::app::recorded_costs;
use crate::app::reporter::{Progress, Reporter};
use crate::app::stack_admission::StackAdmission;
use crate::app::target::Target;
use crate::cli::verb::Finished;
use crate::cli::view;
use crate::cloud::Cloud;
use crate::cost::ledger::Attempted;
use crate::model::event::Listener;
use crate::model::facts::Facts;
use crate::model::hint::Command;
use crate::model::name::StepName;
use crate::model::observed::Cluster;
use crate::model::pace::StepPace;
use crate::model::stack::Stack;
use crate::plan::{Options, fix};
use crate::run::clock::SystemClock;
use crate::run::driver::{Driver, Prepared};
use crate::run::explain::Explanation;
use crate::run::follow::Outcome;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) struct Apply<'a> {
    pub(super) stack: &'a Stack,
    /// The stack's file.
    pub(super) file: &'a Path,
    pub(super) target: &'a Target<'a>,
    pub(super) options: Options,
    pub(super) admission: &'a StackAdmission<'a>,
    pub(super) fixer: Fixer<'a>,
    pub(super) progress: &'a dyn Progress,
    pub(super) reader: &'a dyn PlanReader,
    pub(super) inputs: InputCheck<'a>,
    /// Whether to return once the job runs.
    pub(super) detach: bool,
    /// How its steps hang, as far as that was reported.
    pub(super) stuck: Reports,
    /// How fast the steps of the last attempt went.
    pub(super) paces: RefCell<BTreeMap<StepName, StepPace>>,
    /// How long the job took and what its cluster cost, once it is over.
    pub(super) took: RefCell<Option<String>>,
}

/// How following a job ended.
pub(super) enum Followed {
    Done(Option<Outcome>),
    Left(Exit),
}

/// The attempt that is followed.
pub(super) struct Current {
    /// The stack, with what is left of its budget.
    pub(super) stack: Stack,
    pub(super) facts: Facts,
    pub(super) prepared: Prepared,
}

/// The attempts that are over, oldest first.
pub(super) type Attempts = Vec<Attempted>;

/// How a job is over.
#[derive(Default)]
pub(super) struct Ended {
    /// The cluster, if the stack keeps it.
    pub(super) kept_cluster: Option<Cluster>,
    /// Why the job or its cluster failed, and what fixes it.
    pub(super) explained: Option<Explanation>,
}

impl Apply<'_> {
    pub(super) async fn run(&self, facts: &Facts) -> Result<Finished, Failure> {
        let agreement = Agreement {
            target: self.target,
            stack: self.stack,
            file: self.file,
            options: self.options,
            admission: self.admission,
            progress: self.progress,
            reader: self.reader,
            inputs: self.inputs,
        };
        let driver = self.driver(self.stack, facts, self.progress);
        let Some(prepared) = agreement.apply(&driver).await? else {
            return Ok(Finished::declined(self.target.session));
        };
        // The clusters as observed before the plan deleted the records of some.
        self.note(&prepared.observed.clusters).await;
        if self.detach {
            return self.leave_running(Exit::Done, &prepared).await;
        }
        if prepared.is_over() {
            let observed = &prepared.observed;
            return self
                .report(&prepared, observed, Ended::default(), &Attempts::new())
                .await;
        }
        self.follow_attempts(Current {
            stack: self.stack.clone(),
            facts: facts.clone(),
            prepared,
        })
        .await
    }

    pub(super) fn driver<'d>(
        &'d self,
        stack: &'d Stack,
        facts: &'d Facts,
        listener: &'d dyn Listener,
    ) -> Driver<'d> {
        Driver {
            cloud: self.cloud(),
            stack,
            facts,
            listener,
            clock: &SystemClock,
        }
    }

    /// After the job: downloads the results, and waits until the cluster is ready if it is kept, or
    /// has ended if not.
    pub(super) async fn end(
        &self,
        driver: &Driver<'_>,
        prepared: &Prepared,
        outcome: Option<Outcome>,
    ) -> Result<Ended, Failure> {
        let mut kept_cluster = None;
        if outcome.is_none_or(|outcome| matches!(outcome, Outcome::Completed | Outcome::Absent)) {
            let lease = self.cloud().lease(&self.stack.name, self.progress).await?;
            let settled = driver.settle().await;
            let released = lease.release().await;
            let settled = settled?;
            released?;
            if !settled.plan.is_empty() {
                self.reporter()
                    .say("the stack has changed since its plan was applied");
                self.say_next("plan");
            }
            kept_cluster = driver.ready().await?;
        }
        // On this machine a diagnosis is there with the failure, on AWS with the last logs.
        let is_early = !self.target.costs();
        let mut explained = None;
        if is_early {
            explained = self.try_explain(driver, prepared, outcome).await;
        }
        driver.ended().await?;
        if !is_early {
            explained = self.try_explain(driver, prepared, outcome).await;
        }
        self.progress.clear();
        Ok(Ended {
            kept_cluster,
            explained,
        })
    }

    /// What cannot be explained is only a warning: the outcome of the job stays.
    async fn try_explain(
        &self,
        driver: &Driver<'_>,
        prepared: &Prepared,
        outcome: Option<Outcome>,
    ) -> Option<Explanation> {
        match self.explain(driver, prepared, outcome).await {
            Ok(explained) => explained,
            Err(failure) => {
                self.progress.clear();
                let why = failure.in_a_line();
                self.reporter()
                    .say(&format!("warning: could not find out why it failed: {why}"));
                None
            }
        }
    }

    /// Finds out why the job or its cluster failed, and shows it.
    async fn explain(
        &self,
        driver: &Driver<'_>,
        prepared: &Prepared,
        outcome: Option<Outcome>,
    ) -> Result<Option<Explanation>, Failure> {
        if outcome == Some(Outcome::Completed) {
            return Ok(None);
        }
        let mut clusters = self.cloud().watch(&self.stack.name).await?;
        let job = prepared.desired.job.as_ref();
        // Somebody may have created a newer cluster meanwhile. Without a job, only a cluster that did
        // not start has failed.
        let failed = |cluster: &Cluster| match job {
            Some(job) => cluster.run_of(&job.hash).is_some(),
            None => cluster.ready_at.is_none(),
        };
        let Some(cluster) = clusters.iter_mut().rfind(|cluster| failed(cluster)) else {
            return Ok(None);
        };
        self.stuck.recall(cluster);
        let explanation = diagnosis::explain(self.target, cluster, job, self.progress).await?;
        self.progress.clear();
        let Some(mut explanation) = explanation else {
            return Ok(None);
        };
        let what = explanation.failed.in_words(cluster);
        let diagnosis = &mut explanation.diagnosis;
        let skew = diagnosis::skew(self.cloud(), cluster, explanation.failed, diagnosis).await;
        explanation.skew = skew;
        let failed = fix::Failed {
            stack: &self.attempted(driver.facts),
            facts: driver.facts,
            step: explanation.failed.step(cluster),
            skew,
        };
        diagnosis.fixes = self.fixer.fixes(failed, &diagnosis.remedies);
        let shown = view::diagnosis::Shown {
            what: &what,
            outcome: view::diagnosis::Outcome::Failed,
            diagnosis: &explanation.diagnosis,
            searched: &explanation.searched,
            has_stack: true,
            indent: 0,
        };
        let text = view::diagnosis::render(shown, self.reporter().here());
        self.reporter().say(&text);
        diagnosis::keep(self.target, cluster, &explanation, self.progress).await;
        self.progress.clear();
        Ok(Some(explanation))
    }

    pub(super) fn cloud(&self) -> &dyn Cloud {
        &*self.target.cloud
    }

    pub(super) fn reporter(&self) -> &dyn Reporter {
        &*self.target.session.reporter
    }

    /// Records in the ledger what the clusters have cost.
    async fn note(&self, clusters: &[Cluster]) {
        recorded_costs::note(clusters, self.target).await;
    }

    /// Records the costs in the ledger and in the team's account.
    pub(super) async fn settle(&self, clusters: &[Cluster]) {
        self.note(clusters).await;
        self.admission.settle().await;
    }

    /// Shows the next command for this stack.
    pub(super) fn say_next(&self, verb: &str) {
        let next = Command::clusterup(verb).this_stack();
        self.reporter().say(&self.reporter().next(&next, 2));
    }
}
