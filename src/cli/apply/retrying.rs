//! The attempts at a job: each is followed to its end; `job.retry` of the stack may start another.

use super::applying::{Apply, Attempts, Current, Ended, Followed};
use super::stuck::StuckListener;
use crate::app::failure::{Exit, Failure};
use crate::app::retry::{Begun, FailedAttempt, Retrying};
use crate::app::{interrupt, recorded_costs};
use crate::cli::verb::Finished;
use crate::cli::view;
use crate::cost::attempts::JobAttempt;
use crate::cost::ledger::Attempted;
use crate::model::clock::Clock;
use crate::model::facts::Facts;
use crate::model::name::JobHash;
use crate::model::observed::{Cluster, Run};
use crate::model::retry::RunState;
use crate::model::stack::Stack;
use crate::run::clock::SystemClock;
use crate::run::follow;

/// The message after Ctrl-C once the job is over, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted after the job, before its results were downloaded",
    "apply again to download the results; the cluster ends by its guardrails",
];

impl Apply<'_> {
    /// Follows the job to its end, and each further attempt at it.
    pub(super) async fn follow_attempts(&self, first: Current) -> Result<Finished, Failure> {
        let mut current = first;
        let mut attempts = Attempts::new();
        loop {
            let Current {
                stack,
                facts,
                prepared,
            } = &current;
            let listener = StuckListener {
                stack: self.attempted(facts),
                facts,
                fixer: self.fixer,
                progress: self.progress,
                reporter: self.reporter(),
                reports: &self.stuck,
                is_live: self.cloud().driver_logs().is_none(),
            };
            let driver = self.driver(stack, facts, &listener);
            let outcome = match self.follow(&driver, prepared).await? {
                Followed::Done(outcome) => outcome,
                Followed::Left(exit) => return self.leave_running(exit, prepared).await,
            };
            let end = self.end(&driver, prepared, outcome);
            let ended = interrupt::or_stop(end, STOPPED).await??;
            if let Some(next) = self.retry(&current, &ended, &mut attempts).await? {
                current = next;
                continue;
            }
            let report = async {
                let observed = driver
                    .cloud
                    .observe(&self.stack.name, self.results_folder());
                self.report(prepared, &observed.await?, ended, &attempts)
                    .await
            };
            return interrupt::or_stop(report, STOPPED).await?;
        }
    }

    /// Records the attempt that is over, and starts the next if it failed and the stack asks for it.
    async fn retry(
        &self,
        current: &Current,
        ended: &Ended,
        attempts: &mut Attempts,
    ) -> Result<Option<Current>, Failure> {
        let retry = self.stack.job.as_ref().and_then(|job| job.retry.as_ref());
        let (Some(retry), Some(job)) = (retry, &current.prepared.desired.job) else {
            return Ok(None);
        };
        let noted = self.note_run(&job.hash, ended, attempts);
        let begun = match interrupt::or_stop(noted, STOPPED).await? {
            Ok(Some((cluster, run))) => {
                let failed = (&cluster, &run);
                self.begin(current, ended, failed, attempts).await
            }
            Ok(None) => return Ok(None),
            Err(failure) => Ok(Err(failure.in_a_line())),
        };
        self.progress.clear();
        let why = match begun {
            Ok(Ok(begun)) => {
                let text = view::attempts::begun(&begun.next, retry.attempts);
                self.reporter().say(&text);
                return Ok(Some(Current {
                    stack: begun.stack,
                    facts: begun.facts,
                    prepared: begun.prepared,
                }));
            }
            Ok(Err(why)) => format!("no retry: {why}"),
            Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
            // The failure of the job is still reported.
            Err(failure) => format!(
                "the next attempt was not started completely: {}; apply again to continue, or destroy \
                 to delete what exists",
                failure.in_a_line()
            ),
        };
        self.reporter().say(&view::words::wrap(&why, 2));
        Ok(None)
    }

    /// Records the run that is over if it was a retry or failed; returns it if it failed.
    async fn note_run(
        &self,
        job: &JobHash,
        ended: &Ended,
        attempts: &mut Attempts,
    ) -> Result<Option<(Cluster, Run)>, Failure> {
        let clusters = self.cloud().watch(&self.stack.name).await?;
        let Some(mut cluster) = follow::newest(&clusters, job).cloned() else {
            return Ok(None);
        };
        if let Some(explained) = &ended.explained {
            explained.record(&mut cluster);
        }
        let Some(run) = cluster.run_of(job) else {
            return Ok(None);
        };
        let Some(attempt) = JobAttempt::of(&cluster, &run, SystemClock.now()) else {
            return Ok(None);
        };
        let has_failed = attempt.state == RunState::Failed;
        if has_failed || attempt.number > 1 {
            self.note_attempt(&cluster, &attempt, attempts).await;
        }
        Ok(has_failed.then_some((cluster, run)))
    }

    async fn begin(
        &self,
        current: &Current,
        ended: &Ended,
        (cluster, run): (&Cluster, &Run),
        attempts: &Attempts,
    ) -> Result<Result<Begun, String>, Failure> {
        let Some(last) = attempts.last() else {
            return Ok(Err("no attempt is over".to_owned()));
        };
        let retrying = Retrying {
            target: self.target,
            stack: self.stack,
            file: self.file,
            options: self.options,
            admission: self.admission,
            progress: self.progress,
        };
        retrying
            .begin(FailedAttempt {
                facts: &current.facts,
                cluster,
                run,
                attempt: &last.attempt,
                explanation: ended.explained.as_ref(),
            })
            .await
    }

    /// Records an attempt in the ledger, after the cluster that it is a part of.
    async fn note_attempt(&self, cluster: &Cluster, attempt: &JobAttempt, attempts: &mut Attempts) {
        self.settle(std::slice::from_ref(cluster)).await;
        recorded_costs::note_attempt(cluster, attempt, self.target);
        attempts.push(Attempted {
            id: cluster.id.clone(),
            stack: cluster.stack.clone(),
            attempt: attempt.clone(),
        });
    }

    /// The stack with the memory of an attempt.
    pub(super) fn attempted(&self, facts: &Facts) -> Stack {
        let mut stack = self.stack.clone();
        if let (Some(job), Some(attempt)) = (&stack.job, &facts.attempt) {
            stack.job = Some(attempt.applied(job));
        }
        stack
    }

    /// Says that nobody retries the job of a cluster that is left.
    pub(super) fn say_unattended(&self) {
        let job = self.stack.job.as_ref();
        if job.is_some_and(|job| job.retry.is_some()) {
            self.reporter()
                .say("no apply follows the job now, so a failure is not retried");
        }
    }

    /// A line for each attempt.
    pub(super) fn say_attempts(&self, attempts: &Attempts) {
        for one in attempts {
            let of = format!(" on {}", one.id);
            let costs = self.target.costs();
            let line = view::attempts::line(&one.attempt, &of, costs, 0);
            self.reporter().say(&line);
        }
    }
}
