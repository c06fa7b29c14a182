//! What an `apply` reports at its end: results, why the cluster ended, and the exit code.

use super::applying::{Apply, Attempts, Ended};
use super::stuck::StuckDocument;
use crate::app::failure::{Exit, Failure};
use crate::app::{printed, recorded_costs, summaries};
use crate::cli::error_fields::ErrorFields;
use crate::cli::verb::Finished;
use crate::cli::view;
use crate::cli::view::summary::RunDocument;
use crate::cost::ledger::Attempted;
use crate::model::desired::JobSpec;
use crate::model::diagnosis::Diagnosis;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::observed::{Cluster, EndReason, Observed, Step, StepState};
use crate::model::plan::Plan;
use crate::model::shown::line;
use crate::model::stack::WhenDone;
use crate::run::driver::Prepared;
use crate::run::explain::Explanation;
use crate::run::follow::{self, Outcome};
use crate::summary::Run;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::path::Path;
use std::path::PathBuf;

impl Apply<'_> {
    pub(super) async fn report(
        &self,
        prepared: &Prepared,
        observed: &Observed,
        ended: Ended,
        attempts: &Attempts,
    ) -> Result<Finished, Failure> {
        let Ended {
            kept_cluster,
            explained,
        } = ended;
        let folder = self.results_folder();
        self.settle(&observed.clusters).await;
        let job = prepared.desired.job.as_ref();
        let worker = job.and_then(|job| follow::newest(&observed.clusters, &job.hash));
        if let Some(worker) = worker {
            recorded_costs::note_paces(&worker.id, &self.paces.borrow(), self.target);
        }
        let of_job = exit_of_job(job, worker, observed);
        let lost_cluster = kept_cluster
            .as_ref()
            .filter(|c| self.keeps() && !c.state.is_live());
        let exit = match lost_cluster.and_then(|cluster| cluster.end.as_ref()) {
            Some(end) if of_job == Exit::Done && end.reason.is_guardrail() => Exit::Guardrail,
            Some(_) if of_job == Exit::Done => Exit::Failed,
            Some(_) | None => of_job,
        };
        let wrote = !observed
            .results_home
            .as_ref()
            .is_some_and(|results| results.empty);
        let news = worker
            .zip(job)
            .filter(|(worker, job)| is_news(prepared, worker, job));
        if of_job == Exit::Done {
            self.say_allowed(job.zip(worker));
            if let Some((worker, job)) = news {
                self.show_printed(worker, job).await;
            }
            self.show_results(folder, wrote);
        }
        if let Some((worker, job)) = news {
            self.show_took(worker, job, observed.at);
        }
        if exit != Exit::Done {
            self.say_why(lost_cluster.or(worker));
        }
        self.say_attempts(attempts);
        if let Some(left) = observed.live() {
            self.leave(left).await;
        }
        if let Some(kept) = observed.live().filter(|_| self.keeps()) {
            let until = view::status::until(kept, observed.at);
            self.reporter()
                .text(&format!("cluster {} is kept: {until}", kept.id));
        }
        let runs = match news {
            Some((worker, job)) => self.summarize(worker, job).await,
            None => Vec::new(),
        };
        let mut document = self.document(exit, prepared, observed.latest(), explained, wrote);
        document.summary = runs.into_iter().map(view::summary::document).collect();
        document.attempts = attempts.clone();
        Ok(Finished::with(exit, document))
    }

    fn show_took(&self, cluster: &Cluster, job: &JobSpec, at: DateTime<Utc>) {
        let took = view::ended::took(cluster, &job.hash, at, self.target.costs());
        let shown = view::words::wrap(&took, 2);
        self.reporter().text(&format!("\n{shown}"));
        self.took.replace(Some(took));
    }

    /// Shows the last lines that the job has printed.
    async fn show_printed(&self, cluster: &Cluster, job: &JobSpec) {
        if let Some(printed) = printed::last_lines(cluster, &job.hash, self.target).await {
            let text = view::ended::printed(&printed);
            self.reporter().text(&format!("\n{text}"));
        }
    }

    /// Shows what the job did, as far as its steps wrote event logs.
    async fn summarize(&self, cluster: &Cluster, job: &JobSpec) -> Vec<Run> {
        let mut runs = match summaries::of_job(cluster, &job.hash, self.target).await {
            Ok(runs) => runs,
            Err(failure) => {
                let why = failure.in_a_line();
                self.reporter()
                    .say(&format!("warning: could not read what the job did: {why}"));
                return Vec::new();
            }
        };
        runs.retain(|run| run.application.is_some());
        if let Some(slots) = runs.iter().map(Run::slots).reduce(std::ops::Add::add) {
            recorded_costs::note_slots(cluster, slots, self.target);
        }
        let Some(run) = summaries::most_telling(&runs) else {
            return runs;
        };
        self.reporter()
            .text(&format!("\n{}", view::summary::render(run)));
        if runs.len() > 1 {
            self.reporter().text("  summary shows the other steps:");
            let next = Command::clusterup("summary").this_stack();
            self.reporter().text(&self.reporter().next(&next, 2));
        }
        runs
    }

    pub(super) fn document(
        &self,
        exit: Exit,
        prepared: &Prepared,
        cluster: Option<&Cluster>,
        explained: Option<Explanation>,
        wrote: bool,
    ) -> ApplyDocument {
        let folder = self.results_folder();
        let tables: Vec<_> = folder
            .filter(|_| wrote)
            .map(view::results::tables)
            .unwrap_or_default();
        let tables: Vec<_> = tables
            .iter()
            .map(|table| TableDocument {
                path: table.path.clone(),
                header: table.header.clone(),
                rows: table.rows.clone(),
            })
            .collect();
        let failure = cluster.and_then(|c| c.steps.iter().find_map(|step| step.failure.clone()));
        let ended = cluster.and_then(|c| Some(c.end.as_ref()?.message.as_str().to_owned()));
        let here = self.reporter().here();
        let diagnosis = explained.map(|explained| explained.diagnosis);
        let cause = diagnosis.as_ref().filter(|found| found.is_known());
        let cause = cause.map(|found| found.cause.as_str().to_owned());
        let error = (exit != Exit::Done).then(|| {
            let message = cause.or(failure).or(ended);
            ErrorFields::new(message.unwrap_or_else(|| "the job has not completed".to_owned()))
        });
        let completed = |it: &Diagnosis| view::diagnosis::completed(it, here);
        ApplyDocument {
            stack: self.stack.name.clone(),
            plan: prepared.plan.clone(),
            cluster: cluster.cloned(),
            results: folder.map(Path::to_owned),
            results_written: (exit == Exit::Done && folder.is_some()).then_some(wrote),
            error,
            diagnosis: diagnosis.as_ref().map(completed),
            stuck: self.stuck.documents(here),
            tables: if exit == Exit::Done {
                tables
            } else {
                Vec::new()
            },
            summary: Vec::new(),
            attempts: Vec::new(),
        }
    }

    pub(super) fn results_folder(&self) -> Option<&Path> {
        self.stack
            .job
            .as_ref()
            .and_then(|job| job.results.as_deref())
    }

    fn show_results(&self, folder: Option<&Path>, wrote: bool) {
        let Some(folder) = folder else { return };
        if !wrote {
            let folder = folder.display();
            self.reporter().text(&format!(
                "\nthe job wrote nothing to `${{results}}`, so {folder} is unchanged\n  help: let \
                 the job write its output below \"${{results}}\", which it gets as an argument"
            ));
            return;
        }
        let files = view::results::files(folder);
        self.reporter().text(&format!("\n{files}"));
        for table in view::results::tables(folder) {
            self.reporter()
                .text(&format!("\n{}", view::results::render(&table)));
        }
    }

    /// Names the steps that failed and were allowed to.
    fn say_allowed(&self, ran: Option<(&JobSpec, &Cluster)>) {
        let steps = ran.into_iter().flat_map(|(job, it)| it.steps_of(&job.hash));
        for step in steps.filter(|step| step.state == StepState::Failed) {
            self.reporter().say(&format!(
                "step {} failed, and the job went on: it has on_failure: continue",
                step.name
            ));
            if let Some(failure) = &step.failure {
                self.reporter().say(&format!("    {}", line(failure, 500)));
            }
        }
    }

    fn keeps(&self) -> bool {
        self.stack.guardrails.when_done == WhenDone::Keep
    }

    fn say_why(&self, cluster: Option<&Cluster>) {
        if let Some(end) = cluster.and_then(|cluster| cluster.end.as_ref()) {
            self.reporter()
                .say(&format!("the cluster ended: {}", end.message));
        }
        let began = |cluster: &Cluster| cluster.steps.iter().any(|s| s.started_at.is_some());
        let verb = if cluster.is_none_or(began) {
            "logs"
        } else {
            "status"
        };
        self.say_next(verb);
    }
}

/// Whether the job's run on this cluster was not over when the plan was made.
fn is_news(prepared: &Prepared, cluster: &Cluster, job: &JobSpec) -> bool {
    let run = cluster.run_of(&job.hash);
    let mut known = prepared.observed.clusters.iter();
    !known.any(|known| {
        let is_same = known.id == cluster.id && known.run_of(&job.hash) == run;
        is_same && follow::outcome(known, &job.hash).is_some()
    })
}

fn exit_of_job(job: Option<&JobSpec>, worker: Option<&Cluster>, observed: &Observed) -> Exit {
    match (job, worker) {
        (Some(job), Some(cluster)) => exit_of(cluster, follow::outcome(cluster, &job.hash)),
        // It succeeded on a cluster whose record is deleted.
        (Some(job), None) if observed.remembered.iter().any(|run| run.job == job.hash) => {
            Exit::Done
        }
        (Some(_), None) => Exit::Failed,
        (None, _) => Exit::Done,
    }
}

fn exit_of(cluster: &Cluster, outcome: Option<Outcome>) -> Exit {
    let failed = cluster.steps.iter().any(Step::has_failed_job);
    let end = cluster.end.as_ref();
    let hung = end.is_some_and(|end| end.reason == EndReason::Stuck);
    match outcome {
        Some(Outcome::Completed) => Exit::Done,
        Some(Outcome::Failed) => Exit::Job,
        Some(Outcome::Cut) if end.is_some_and(|end| end.reason.is_guardrail()) => Exit::Guardrail,
        Some(Outcome::Cut | Outcome::Absent) | None if failed || hung => Exit::Job,
        Some(Outcome::Cut | Outcome::Absent) | None => Exit::Failed,
    }
}

/// How an `apply` ended.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct ApplyDocument {
    /// The stack.
    stack: StackName,
    /// What was done.
    plan: Plan,
    /// The newest cluster.
    cluster: Option<Cluster>,
    /// The folder of the job's results.
    results: Option<PathBuf>,
    /// Whether the job wrote results; null if it did not complete or has none.
    results_written: Option<bool>,
    /// Why the job has not completed.
    error: Option<ErrorFields>,
    /// Why the job or its cluster failed, and what fixes it.
    diagnosis: Option<Diagnosis>,
    /// The steps that hung.
    stuck: Vec<StuckDocument>,
    /// The first rows of the results.
    tables: Vec<TableDocument>,
    /// What each step did that wrote an event log.
    summary: Vec<RunDocument>,
    /// The attempts that failed before.
    attempts: Vec<Attempted>,
}

/// The first rows of a table.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct TableDocument {
    /// Its file.
    path: PathBuf,
    /// The names of its columns.
    header: Vec<String>,
    /// Its rows.
    rows: Vec<Vec<String>>,
}
