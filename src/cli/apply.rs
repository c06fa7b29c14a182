//! `apply`: plans, asks for consent, applies the plan, follows the job and downloads its results.

use super::admission::Admission;
use super::admission::services::CliServices;
use super::agree::Agreement;
use super::args::ApplyArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::interrupt::{self, Choice};
use super::ledger;
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::view;
use super::view::progress::Progress;
use crate::cloud::Cloud;
use crate::model::clock::Clock;
use crate::model::facts::Facts;
use crate::model::hint::Command;
use crate::model::observed::{Cluster, End, StepState};
use crate::model::stack::{Stack, WhenDone};
use crate::run::clock::SystemClock;
use crate::run::driver::{Driver, Prepared};
use crate::run::explain;
use crate::run::follow::{self, Outcome};
use serde_json::json;
use std::path::Path;

pub(super) async fn run(
    args: &ApplyArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let stack = stack_file::read_whole(&args.plan.stack, context)?;
    let policies = &args.plan.policies;
    let read = policies
        .read(&args.plan.stack.stack, context, screen)
        .await?;
    let stack = read.policies.impose(stack);
    let target = Target::open(&args.plan.target, Some(&stack.region), context).await?;
    let progress = Progress::new(screen);
    let facts = target
        .cloud
        .facts(&stack, args.plan.sample, &progress)
        .await?;
    let why = args.why.as_deref();
    let services = CliServices { context, screen };
    let admission = Admission::open(&read, &stack, &target, &services, why).await?;
    let admission = admission.rereading_from(policies, &args.plan.stack.stack);
    progress.clear();
    let apply = Apply {
        args,
        context,
        screen,
        stack: &stack,
        target: &target,
        progress: &progress,
        admission: &admission,
    };
    apply.run(&facts).await
}

struct Apply<'a> {
    args: &'a ApplyArgs,
    context: &'a Context,
    screen: &'a Screen,
    stack: &'a Stack,
    target: &'a Target,
    progress: &'a Progress<'a>,
    admission: &'a Admission<'a>,
}

impl Apply<'_> {
    async fn run(&self, facts: &Facts) -> Result<Exit, Failure> {
        let driver = Driver {
            cloud: self.cloud(),
            stack: self.stack,
            facts,
            listener: self.progress,
            clock: &SystemClock,
        };
        let agreement = Agreement {
            args: self.args,
            context: self.context,
            screen: self.screen,
            target: self.target,
            progress: self.progress,
            stack: self.stack,
            admission: self.admission,
        };
        let Some(prepared) = agreement.apply(&driver).await? else {
            self.screen.say("nothing was changed");
            let fields = json!({ "stack": self.stack.name });
            self.screen.document("apply", Exit::Failed.code(), fields);
            return Ok(Exit::Failed);
        };
        // The clusters as observed before the plan deleted the records of some.
        self.note(&prepared.observed.clusters).await;
        if self.args.detach {
            return self.leave_running(Exit::Done, &prepared).await;
        }
        match self.follow(&driver, &prepared).await? {
            Followed::Done(outcome) => {
                interrupt::or_stop(self.finish(&driver, &prepared, outcome), STOPPED).await?
            }
            Followed::Left(exit) => self.leave_running(exit, &prepared).await,
        }
    }

    /// After the job: downloads the results, and waits until the cluster is ready if it is kept, or
    /// has ended if not.
    async fn finish(
        &self,
        driver: &Driver<'_>,
        prepared: &Prepared,
        outcome: Option<Outcome>,
    ) -> Result<Exit, Failure> {
        let mut kept_cluster = None;
        if outcome.is_none_or(|outcome| matches!(outcome, Outcome::Completed | Outcome::Absent)) {
            let lease = self.cloud().lease(&self.stack.name, self.progress).await?;
            let settled = driver.settle().await;
            let released = lease.release().await;
            let settled = settled?;
            released?;
            if !settled.plan.is_empty() {
                self.screen
                    .say("the stack has changed since its plan was applied");
                self.say_next("plan");
            }
            kept_cluster = driver.ready().await?;
        }
        driver.ended().await?;
        let cause = match outcome {
            Some(Outcome::Failed) if self.target.costs() => self.explain().await?,
            _ => None,
        };
        self.progress.clear();
        self.report(driver, prepared, kept_cluster, cause).await
    }

    /// Finds in the logs why a step failed, which EMR itself does not say.
    async fn explain(&self) -> Result<Option<String>, Failure> {
        let cloud = self.cloud();
        let clusters = cloud.watch(&self.stack.name).await?;
        let failed = |c: &&Cluster| c.steps.iter().any(|s| s.state == StepState::Failed);
        let Some(cluster) = clusters.iter().rev().find(failed) else {
            return Ok(None);
        };
        let cause = explain::explain(cloud, &self.stack.name, cluster, self.progress).await?;
        self.progress.clear();
        if let Some(cause) = &cause {
            self.screen
                .say(&format!("    {}", cause.replace('\n', "\n    ")));
        }
        Ok(cause)
    }

    fn cloud(&self) -> &dyn Cloud {
        &*self.target.cloud
    }

    /// Follows the job to its end, or until Ctrl-C and the user's choice.
    async fn follow(&self, driver: &Driver<'_>, prepared: &Prepared) -> Result<Followed, Failure> {
        loop {
            let followed = interrupt::or(self.follow_to_end(driver, prepared)).await;
            self.progress.clear();
            if let Some(outcome) = followed {
                return Ok(Followed::Done(outcome?));
            }
            let observed = self.cloud().observe(&self.stack.name, None).await?;
            let until = observed
                .live()
                .map(|cluster| view::status::until(cluster, observed.at));
            match interrupt::choose(until.as_deref(), self.context, self.screen).await {
                Choice::GoOn => {}
                Choice::Leave => return Ok(Followed::Left(Exit::Interrupted)),
                Choice::Terminate => {
                    let end = End::asked("it was ended by hand");
                    let ended = driver.terminate(&observed, end);
                    interrupt::or_stop(ended, STOPPED_ENDING).await??;
                    self.screen.say("the cluster has terminated");
                    return Ok(Followed::Left(Exit::Interrupted));
                }
            }
        }
    }

    /// Follows the job to its end, or until its team's budget is spent and a policy ends the
    /// cluster.
    async fn follow_to_end(
        &self,
        driver: &Driver<'_>,
        prepared: &Prepared,
    ) -> Result<Option<Outcome>, Failure> {
        let end = tokio::select! {
            done = driver.follow(prepared) => return Ok(done?),
            end = self.admission.until_spent() => end,
        };
        let observed = self.cloud().observe(&self.stack.name, None).await?;
        driver.terminate(&observed, end).await?;
        Ok(driver.follow(prepared).await?)
    }

    /// Ends an apply that leaves its cluster running.
    async fn leave_running(&self, exit: Exit, prepared: &Prepared) -> Result<Exit, Failure> {
        let clusters = self.cloud().watch(&self.stack.name).await?;
        self.settle(&clusters).await;
        let live = clusters
            .iter()
            .rev()
            .find(|cluster| cluster.state.is_live());
        if let Some(cluster) = live {
            self.leave(cluster).await;
        }
        if let Some(cluster) = live.filter(|_| exit == Exit::Done) {
            let until = view::status::until(cluster, SystemClock.now());
            self.screen.text(&format!("left running: {until}"));
            self.say_next("apply");
        }
        self.document(exit, prepared, clusters.last(), None, true);
        Ok(exit)
    }

    /// Records with the cluster that no `apply` follows it any longer, which `status` shows.
    async fn leave(&self, cluster: &Cluster) {
        let left = follow::leave(self.cloud(), &self.stack.name, cluster, self.progress).await;
        if let Err(error) = left {
            self.screen.say(&format!(
                "warning: could not record that no apply follows it: {error}"
            ));
        }
    }

    /// `kept_cluster`: the cluster, if the stack keeps it.
    async fn report(
        &self,
        driver: &Driver<'_>,
        prepared: &Prepared,
        kept_cluster: Option<Cluster>,
        cause: Option<String>,
    ) -> Result<Exit, Failure> {
        let folder = self.results_folder();
        let observed = driver.cloud.observe(&self.stack.name, folder).await?;
        self.settle(&observed.clusters).await;
        let job = prepared.desired.job.as_ref();
        let worker = job.and_then(|job| follow::newest(&observed.clusters, &job.hash));
        let of_job = match (job, worker) {
            (Some(job), Some(cluster)) => exit_of(cluster, follow::outcome(cluster, &job.hash)),
            // It succeeded on a cluster whose record is deleted.
            (Some(job), None) if observed.remembered.iter().any(|run| run.job == job.hash) => {
                Exit::Done
            }
            (Some(_), None) => Exit::Failed,
            (None, _) => Exit::Done,
        };
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
        if of_job == Exit::Done {
            self.show_results(folder, wrote);
        }
        if exit != Exit::Done {
            self.say_why(lost_cluster.or(worker));
        }
        if let Some(left) = observed.live() {
            self.leave(left).await;
        }
        if let Some(kept) = observed.live().filter(|_| self.keeps()) {
            let until = view::status::until(kept, observed.at);
            self.screen
                .text(&format!("cluster {} is kept: {until}", kept.id));
        }
        self.document(exit, prepared, observed.latest(), cause, wrote);
        Ok(exit)
    }

    /// Records in the ledger what the clusters have cost.
    async fn note(&self, clusters: &[Cluster]) {
        ledger::note(clusters, self.target, self.context, self.screen).await;
    }

    /// Records the costs in the ledger and in the team's account.
    async fn settle(&self, clusters: &[Cluster]) {
        self.note(clusters).await;
        self.admission.settle().await;
    }

    fn results_folder(&self) -> Option<&Path> {
        self.stack
            .job
            .as_ref()
            .and_then(|job| job.results.as_deref())
    }

    fn show_results(&self, folder: Option<&Path>, wrote: bool) {
        let Some(folder) = folder else { return };
        if !wrote {
            let folder = folder.display();
            self.screen.text(&format!(
                "\nthe job wrote nothing to `${{results}}`, so {folder} is unchanged\n  help: let \
                  the job write below its argument \"${{results}}\""
            ));
            return;
        }
        self.screen
            .text(&format!("\nresults in {}", folder.display()));
        for table in view::results::tables(folder) {
            self.screen
                .text(&format!("\n{}", view::results::render(&table)));
        }
    }

    fn keeps(&self) -> bool {
        self.stack.guardrails.when_done == WhenDone::Keep
    }

    fn say_why(&self, cluster: Option<&Cluster>) {
        if let Some(end) = cluster.and_then(|cluster| cluster.end.as_ref()) {
            self.screen
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

    /// Shows the next command for this stack.
    fn say_next(&self, verb: &str) {
        let next = Command::clusterup(verb).this_stack();
        self.screen.say(&self.screen.next(&next, 2));
    }

    fn document(
        &self,
        exit: Exit,
        prepared: &Prepared,
        cluster: Option<&Cluster>,
        cause: Option<String>,
        wrote: bool,
    ) {
        let folder = self.results_folder();
        let tables: Vec<_> = folder
            .filter(|_| wrote)
            .map(view::results::tables)
            .unwrap_or_default();
        let tables: Vec<_> = tables
            .iter()
            .map(|table| json!({ "path": table.path, "header": table.header, "rows": table.rows }))
            .collect();
        let failure = cluster.and_then(|c| c.steps.iter().find_map(|step| step.failure.clone()));
        let ended = cluster.and_then(|c| Some(c.end.as_ref()?.message.as_str().to_owned()));
        let error = (exit != Exit::Done).then(|| json!({ "message": cause.or(failure).or(ended) }));
        let fields = json!({
            "stack": self.stack.name,
            "plan": prepared.plan,
            "cluster": cluster,
            "results": folder,
            "results_written": (exit == Exit::Done && folder.is_some()).then_some(wrote),
            "error": error,
            "tables": if exit == Exit::Done { json!(tables) } else { json!([]) },
        });
        self.screen.document("apply", exit.code(), fields);
    }
}

/// The message after Ctrl-C once the job is over, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted after the job, before its results were downloaded",
    "apply again to download the results; the cluster ends by its guardrails",
];

/// The message after Ctrl-C while a cluster ends.
const STOPPED_ENDING: [&str; 2] = [
    "interrupted; the cluster continues to terminate",
    "status shows when it has ended",
];

enum Followed {
    Done(Option<Outcome>),
    Left(Exit),
}

fn exit_of(cluster: &Cluster, outcome: Option<Outcome>) -> Exit {
    let failed = cluster
        .steps
        .iter()
        .any(|step| step.state == StepState::Failed);
    match outcome {
        Some(Outcome::Completed) => Exit::Done,
        Some(Outcome::Failed) => Exit::Job,
        Some(Outcome::Cut)
            if cluster
                .end
                .as_ref()
                .is_some_and(|e| e.reason.is_guardrail()) =>
        {
            Exit::Guardrail
        }
        Some(Outcome::Cut | Outcome::Absent) | None if failed => Exit::Job,
        Some(Outcome::Cut | Outcome::Absent) | None => Exit::Failed,
    }
}
