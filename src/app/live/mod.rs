//! Tries out on an account what clusterup believes of AWS (`doctor --live`). Three clusters of one
//! node are made as every stack is, and end in three ways, while they are looked at. Whatever
//! happens, they are removed again; what a killed run has left, the next one removes.

mod clusters;
mod judge;
mod look;
mod seen;
mod trial;

pub(crate) use clusters::Kind;
pub(crate) use judge::Checked;

use super::failure::{Exit, Failure};
use super::reporter::Progress;
use super::session::Session;
use super::target::{Target, TargetChoice};
use crate::cloud::CloudError;
use crate::cloud::error::IoContext;
use crate::model::belief::Verdict;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::name::{Region, StackName};
use crate::model::shown::Untrusted;
use crate::run::clock::SystemClock;
use chrono::{DateTime, TimeDelta, Utc};
use look::Watched;
use rust_decimal::Decimal;
use seen::{Left, Life, Seen};
use std::time::Duration;
use tempfile::TempDir;
use tokio::signal::ctrl_c;
use tokio::sync::Notify;
use trial::{Trial, write_scripts};

/// The most that all clusters may cost together: $1.
const MOST: Usd = Usd::new(Decimal::ONE);

/// How long the clusters are looked at, at most.
const PATIENCE: TimeDelta = TimeDelta::minutes(90);

/// How many looks may fail one after the other.
const MAX_FAILED_LOOKS: u32 = 20;

/// What was seen, and what it has cost.
pub(crate) struct Tried {
    pub(crate) beliefs: Vec<Checked>,
    /// What the clusters have cost; `None` if that is not known of each.
    pub(crate) cost: Option<Usd>,
}

/// The checks of an account before they begin.
pub(crate) struct Live<'a> {
    session: &'a Session,
    trials: Vec<Trial<'a>>,
    /// For the lease that keeps two runs apart.
    run: Target<'a>,
    run_name: StackName,
    /// The files of the stacks.
    _folder: TempDir,
    /// The most that the clusters cost together.
    pub(crate) most: Usd,
    /// Stacks that an earlier run has left.
    pub(crate) left: Vec<&'static str>,
}

impl<'a> Live<'a> {
    /// Reads the stacks and computes what they cost. Changes nothing.
    pub(crate) async fn open(
        choice: &TargetChoice,
        session: &'a Session,
        progress: &dyn Progress,
    ) -> Result<Self, Failure> {
        let run = Target::open(choice, None, session).await?;
        let Some(region) = run.place.region().cloned() else {
            return Err(Failure::input("doctor --live needs a region of AWS"));
        };
        let folder = tempfile::tempdir().during(|| "make a folder for scripts".to_owned())?;
        write_scripts(folder.path()).during(|| "write a script".to_owned())?;
        let mut trials = Vec::new();
        for kind in Kind::ALL {
            trials.push(Trial::open(kind, &region, folder.path(), session).await?);
        }
        let mut live = Self {
            session,
            trials,
            run,
            run_name: name(clusters::RUN)?,
            _folder: folder,
            most: Usd::ZERO,
            left: Vec::new(),
        };
        live.preview(&region, progress).await?;
        Ok(live)
    }

    /// Computes what the clusters cost, and finds what an earlier run has left.
    async fn preview(&mut self, region: &Region, progress: &dyn Progress) -> Result<(), Failure> {
        for trial in &self.trials {
            let preview = trial.preview(progress).await?;
            let Some(most) = preview.most else {
                let message = format!("the price of m5.xlarge in {region} is not known");
                return Err(Failure::new(Exit::Failed, message)
                    .hint("read AWS's price list")
                    .hint(
                        Command::other("clusterup prices refresh --region").arg(region.as_str()),
                    ));
            };
            self.most = self.most + most;
            self.left
                .extend(preview.is_left.then(|| trial.kind.stack()));
        }
        progress.clear();
        if self.most > MOST {
            let most = self.most;
            let message = format!("the clusters would cost up to {most}, more than {MOST}");
            return Err(Failure::new(Exit::Refused, message).hint("select another region"));
        }
        Ok(())
    }

    /// The region.
    pub(crate) fn region(&self) -> Option<&Region> {
        self.run.place.region()
    }

    /// Makes the clusters, looks at them to their ends, removes everything, and returns what was seen.
    /// Ctrl-C ends it early; the clusters are removed all the same.
    pub(crate) async fn run(&self, progress: &dyn Progress) -> Result<Tried, Failure> {
        let lease = self.run.cloud.lease(&self.run_name, progress).await?;
        let mut seen = Seen::default();
        let stop = Notify::new();
        let tried = {
            let trying = self.try_out(&mut seen, &stop, progress);
            tokio::pin!(trying);
            tokio::select! {
                tried = &mut trying => tried,
                _ = ctrl_c() => {
                    progress.clear();
                    self.session.reporter.say("interrupted: ending the clusters");
                    stop.notify_one();
                    // It may have failed because of the signal.
                    let _ = trying.await;
                    Err(interrupted())
                }
            }
        };
        let removed = self.remove(&mut seen, progress).await;
        let released = lease.release().await;
        if removed.is_ok() {
            self.remove_shared().await?;
        }
        progress.clear();
        removed.map_err(|failure| self.how_to_remove(failure))?;
        tried?;
        released?;
        Ok(Tried {
            beliefs: judge::all(&seen),
            cost: seen.lives.values().map(|life| life.cost).sum(),
        })
    }

    async fn try_out(
        &self,
        seen: &mut Seen,
        stop: &Notify,
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        for trial in &self.trials {
            if self.left.contains(&trial.kind.stack()) {
                trial.remove(progress).await?;
            }
        }
        let mut watched = Vec::new();
        for trial in &self.trials {
            let from = SystemClock.now();
            let made = trial.make(progress).await?;
            let one = Watched { trial, made };
            self.begin(&one, from, seen, progress).await?;
            watched.push(one);
        }
        progress.clear();
        self.session.reporter.say("three clusters are starting");
        self.watch(&watched, seen, stop, progress).await
    }

    /// What has to be done right after a cluster was requested.
    async fn begin(
        &self,
        one: &Watched<'_>,
        from: DateTime<Utc>,
        seen: &mut Seen,
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        let Watched { trial, made } = one;
        let life = Life {
            id: Some(made.id.clone()),
            requested: (from, SystemClock.now()),
            ..Life::default()
        };
        seen.lives.insert(trial.kind, life);
        match trial.kind {
            Kind::Job => {
                one.look_for_listing(seen).await?;
                let aws = trial.aws()?;
                let writes = aws.write_conditionally(&trial.stack.name, "conditional");
                seen.writes = Some(writes.await?);
            }
            Kind::PowerOff => trial.delete_schedule(&made.id, progress).await?,
            Kind::Schedule => {}
        }
        Ok(())
    }

    /// Looks at the clusters until nothing more is to be seen.
    async fn watch(
        &self,
        watched: &[Watched<'_>],
        seen: &mut Seen,
        stop: &Notify,
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        let until = SystemClock.now() + PATIENCE;
        let mut failed_looks = 0;
        let mut known = judge::all(&Seen::default());
        while !seen.is_complete() && SystemClock.now() < until {
            match look(watched, seen).await {
                Ok(()) => failed_looks = 0,
                Err(failure) if failed_looks < MAX_FAILED_LOOKS && failure.exit == Exit::Failed => {
                    failed_looks += 1;
                    progress.clear();
                    let why = failure.in_a_line();
                    self.session
                        .reporter
                        .say(&format!("warning: a look failed: {why}"));
                }
                Err(failure) => return Err(failure),
            }
            known = self.say_new(known, judge::all(seen), progress);
            progress.on_wait(waiting(seen));
            let pause = self.pause();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.notified() => return Ok(()),
            }
        }
        Ok(())
    }

    fn pause(&self) -> Duration {
        self.run.cloud.pause(0)
    }

    /// Shows the results that have become known.
    fn say_new(
        &self,
        known: Vec<Checked>,
        now: Vec<Checked>,
        progress: &dyn Progress,
    ) -> Vec<Checked> {
        for (was, is) in known.iter().zip(&now) {
            if was.verdict != is.verdict && is.verdict != Verdict::NotSeen {
                progress.clear();
                let Checked {
                    belief,
                    verdict,
                    seen,
                    ..
                } = is;
                let line = format!("{}: {}: {seen}", belief.as_str(), verdict.as_str());
                self.session.reporter.say(&line);
            }
        }
        now
    }

    /// Removes the stacks, and looks what is left of them.
    async fn remove(&self, seen: &mut Seen, progress: &dyn Progress) -> Result<(), Failure> {
        let mut failed = None;
        for trial in &self.trials {
            if let Err(failure) = trial.remove(progress).await {
                failed.get_or_insert(failure);
            }
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        match self.look_for_left(seen).await {
            Ok(left) => {
                self.say_volumes(&left.volumes);
                seen.left = Some(left);
            }
            // Everything was deleted, so that there is nothing else to do about it.
            Err(failure) => {
                let why = failure.in_a_line();
                let line = format!("warning: could not look what is left: {why}");
                self.session.reporter.say(&line);
            }
        }
        Ok(())
    }

    async fn look_for_left(&self, seen: &Seen) -> Result<Left, Failure> {
        let mut left = Left::default();
        for trial in &self.trials {
            let id = seen.life(trial.kind).and_then(|life| life.id.as_ref());
            trial.look_for_left(id, &mut left).await?;
        }
        Ok(left)
    }

    /// Says how to delete the volumes that EMR has left: they cost money.
    fn say_volumes(&self, volumes: &[Untrusted]) {
        let region = self.region().map_or("", Region::as_str);
        for id in volumes {
            let delete = Command::other("aws ec2 delete-volume --region").arg(region);
            let delete = delete.arg("--volume-id").arg(id.to_string());
            self.session
                .reporter
                .say(&format!("EMR has left the EBS volume {id}"));
            self.session.reporter.hints(&[delete.into()], 2);
        }
    }

    async fn remove_shared(&self) -> Result<(), CloudError> {
        match self.run.cloud.aws() {
            Some(aws) => aws.remove_shared().await,
            None => Ok(()),
        }
    }

    fn how_to_remove(&self, failure: Failure) -> Failure {
        let hint = "the clusters end by their guardrails; this ends them now, and removes the rest";
        let failure = failure.hint(hint);
        self.trials.iter().fold(failure, |failure, trial| {
            let stack = &trial.stack.name;
            failure.hint(Command::clusterup("destroy").stack_at(stack, &trial.target.place))
        })
    }
}

/// Looks at each cluster; an error of one does not keep the others from being looked at.
async fn look(watched: &[Watched<'_>], seen: &mut Seen) -> Result<(), Failure> {
    let mut result = Ok(());
    for one in watched {
        let looked = one.look(seen).await;
        result = result.and(looked);
    }
    result
}

fn waiting(seen: &Seen) -> String {
    let over = seen.lives.values().filter(|life| life.is_over()).count();
    format!("watching {} clusters; {over} have ended", seen.lives.len())
}

fn interrupted() -> Failure {
    let message = "interrupted; the clusters have ended, and their stacks are removed";
    Failure::new(Exit::Interrupted, message)
}

fn name(text: &str) -> Result<StackName, Failure> {
    text.parse()
        .map_err(|_| Failure::new(Exit::Failed, format!("{text} is no name of a stack")))
}
