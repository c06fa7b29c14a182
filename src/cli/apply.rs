//! `apply`: plan, ask, make it true, follow the job, bring its results home.

use super::args::ApplyArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::interrupt::{self, Choice};
use super::plan::PAUSE;
use super::prompt::consent;
use super::screen::Screen;
use super::stack_file;
use super::view;
use super::view::progress::Progress;
use crate::cloud::Cloud;
use crate::cloud::local::Local;
use crate::model::facts::Facts;
use crate::model::observed::{Cluster, Observed, StepState};
use crate::model::stack::{Stack, WhenDone};
use crate::plan::Options;
use crate::run::driver::{Driver, Prepared};
use crate::run::follow::{self, Outcome};
use serde_json::json;
use std::path::Path;

pub(super) async fn run(
    args: &ApplyArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    stack_file::need_local(&args.plan.target)?;
    let stack = stack_file::read(&args.plan.stack)?;
    let cloud = context.local()?;
    let progress = Progress::new(screen);
    let facts = cloud.facts(&stack, args.plan.sample, &progress).await?;
    progress.clear();
    let apply = Apply {
        args,
        context,
        screen,
        stack: &stack,
        cloud: &cloud,
        progress: &progress,
    };
    apply.run(&facts).await
}

struct Apply<'a> {
    args: &'a ApplyArgs,
    context: &'a Context,
    screen: &'a Screen,
    stack: &'a Stack,
    cloud: &'a Local,
    progress: &'a Progress<'a>,
}

impl Apply<'_> {
    async fn run(&self, facts: &Facts) -> Result<Exit, Failure> {
        let driver = Driver {
            cloud: self.cloud,
            stack: self.stack,
            facts,
            hear: self.progress,
            pause: PAUSE,
        };
        let Some(prepared) = self.make_true(&driver).await? else {
            self.screen.say("nothing was changed");
            let fields = json!({ "stack": self.stack.name });
            self.screen.document("apply", Exit::Failed.code(), fields);
            return Ok(Exit::Failed);
        };
        if self.args.detach {
            return self.left(Exit::Done, &prepared).await;
        }
        match self.follow(&driver, &prepared).await? {
            Followed::Over(outcome) => {
                interrupt::or_stop(self.finish(&driver, &prepared, outcome)).await?
            }
            Followed::Left(exit) => self.left(exit, &prepared).await,
        }
    }

    /// After the job: results home, a kept cluster ready, one that ends over.
    async fn finish(
        &self,
        driver: &Driver<'_>,
        prepared: &Prepared,
        outcome: Option<Outcome>,
    ) -> Result<Exit, Failure> {
        let mut standing = None;
        if outcome.is_none_or(|outcome| outcome == Outcome::Completed) {
            let _lease = self.cloud.lease(&self.stack.name, self.progress).await?;
            driver.settle().await?;
            standing = driver.ready().await?;
        } else {
            driver.ended().await?;
        }
        self.progress.clear();
        self.report(driver, prepared, standing).await
    }

    /// Shows the plan and makes it true; none where the answer was no.
    async fn make_true(&self, driver: &Driver<'_>) -> Result<Option<Prepared>, Failure> {
        let lease = self.cloud.lease(&self.stack.name, self.progress).await?;
        self.progress.clear();
        let prepared = driver
            .prepare(Options {
                again: self.args.plan.again,
                create_roles: self.args.plan.create_roles,
            })
            .await?;
        self.screen.text(&view::plan::render(&prepared.plan));
        let asked: Vec<_> = prepared
            .plan
            .actions
            .iter()
            .filter(|planned| planned.asks)
            .collect();
        if !asked.is_empty() {
            let things: Vec<_> = asked
                .iter()
                .map(|planned| view::words::action(&planned.action))
                .collect();
            let question = format!("This ends or removes {}. Go on?", things.join(", "));
            if !consent(&question, self.args.yes, self.context)? {
                return Ok(None);
            }
        }
        interrupt::or_stop(driver.attempt(&prepared.plan)).await??;
        drop(lease);
        Ok(Some(prepared))
    }

    /// Follows the job to its end, unless a person or Ctrl-C says otherwise.
    async fn follow(&self, driver: &Driver<'_>, prepared: &Prepared) -> Result<Followed, Failure> {
        loop {
            let followed = interrupt::or(driver.follow(&prepared.desired)).await;
            self.progress.clear();
            if let Some(outcome) = followed {
                return Ok(Followed::Over(outcome?));
            }
            let observed = self.cloud.observe(&self.stack.name, None).await?;
            let until = observed
                .live()
                .map(|cluster| view::status::until(cluster, observed.at));
            match interrupt::choose(until.as_deref(), self.context, self.screen).await {
                Choice::GoOn => {}
                Choice::Leave => return Ok(Followed::Left(Exit::Interrupted)),
                Choice::Terminate => {
                    driver.terminate(&observed).await?;
                    self.screen.say("the cluster has terminated");
                    return Ok(Followed::Left(Exit::Interrupted));
                }
            }
        }
    }

    /// The end of an apply that leaves its cluster at work.
    async fn left(&self, exit: Exit, prepared: &Prepared) -> Result<Exit, Failure> {
        let observed = self.cloud.observe(&self.stack.name, None).await?;
        if let Some(cluster) = observed.live().filter(|_| exit == Exit::Done) {
            let until = view::status::until(cluster, observed.at);
            self.screen.text(&format!(
                "left running: {until}\nnext: apply again picks it up"
            ));
        }
        self.document(exit, prepared, &observed);
        Ok(exit)
    }

    /// `standing` is the kept cluster, where the stack keeps one.
    async fn report(
        &self,
        driver: &Driver<'_>,
        prepared: &Prepared,
        standing: Option<Cluster>,
    ) -> Result<Exit, Failure> {
        let home = self.home();
        let observed = driver.cloud.observe(&self.stack.name, home).await?;
        let job = prepared.desired.job.as_ref();
        let worker = job.and_then(|job| follow::newest(&observed, &job.hash));
        let of_job = match (job, worker) {
            (Some(job), Some(cluster)) => exit_of(cluster, follow::outcome(cluster, &job.hash)),
            (Some(_), None) => Exit::Failed,
            (None, _) => Exit::Done,
        };
        let fallen = standing
            .as_ref()
            .filter(|c| self.keeps() && !c.state.is_live());
        let exit = match fallen.and_then(|cluster| cluster.end.as_ref()) {
            Some(end) if of_job == Exit::Done && end.reason.is_guardrail() => Exit::Guardrail,
            Some(_) if of_job == Exit::Done => Exit::Failed,
            Some(_) | None => of_job,
        };
        if of_job == Exit::Done {
            self.show_results(home);
        }
        if exit != Exit::Done {
            self.say_why(fallen.or(worker));
        }
        if let Some(kept) = observed.live().filter(|_| self.keeps()) {
            let until = view::status::until(kept, observed.at);
            self.screen
                .text(&format!("cluster {} is kept: {until}", kept.id));
        }
        self.document(exit, prepared, &observed);
        Ok(exit)
    }

    fn home(&self) -> Option<&Path> {
        self.stack
            .job
            .as_ref()
            .and_then(|job| job.results.as_deref())
    }

    fn show_results(&self, home: Option<&Path>) {
        let Some(home) = home else { return };
        self.screen
            .text(&format!("\nresults in {}", home.display()));
        for table in view::results::tables(home) {
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
        let file = self.args.plan.stack.stack.display();
        self.screen
            .say(&format!("  next: clusterup logs {file} --local"));
    }

    fn document(&self, exit: Exit, prepared: &Prepared, observed: &Observed) {
        let home = self.home();
        let tables: Vec<_> = home.map(view::results::tables).unwrap_or_default();
        let tables: Vec<_> = tables
            .iter()
            .map(|found| json!({ "path": found.path, "header": found.header, "rows": found.rows }))
            .collect();
        let cluster = observed.latest();
        let failure = cluster.and_then(|c| c.steps.iter().find_map(|step| step.failure.clone()));
        let ended = cluster.and_then(|c| c.end.as_ref().map(|end| end.message.clone()));
        let error = (exit != Exit::Done).then(|| json!({ "message": failure.or(ended) }));
        let fields = json!({
            "stack": self.stack.name,
            "plan": prepared.plan,
            "cluster": observed.latest(),
            "results": home,
            "error": error,
            "tables": if exit == Exit::Done { json!(tables) } else { json!([]) },
        });
        self.screen.document("apply", exit.code(), fields);
    }
}

enum Followed {
    Over(Option<Outcome>),
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
