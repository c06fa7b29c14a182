//! Following the job of an `apply`, and leaving its cluster to run.

use super::applying::{Apply, Followed};
use crate::app::failure::{Exit, Failure};
use crate::app::spent::until_spent;
use crate::app::{interrupt, recorded_costs};
use crate::cli::ctrl_c::{self, Choice};
use crate::cli::verb::Finished;
use crate::cli::view;
use crate::model::clock::Clock;
use crate::model::observed::{Cluster, End};
use crate::run::clock::SystemClock;
use crate::run::driver::{Driver, Prepared};
use crate::run::follow::{self, Following, Outcome};
use std::convert::Infallible;
use std::time::Duration;

/// How long to wait before the screen is drawn again.
const REDRAW_INTERVAL: Duration = Duration::from_millis(500);

/// The message after Ctrl-C while a cluster ends.
const STOPPED_ENDING: [&str; 2] = [
    "interrupted; the cluster continues to terminate",
    "status shows when it has ended",
];

impl Apply<'_> {
    /// Follows the job to its end, or until Ctrl-C and the user's choice.
    pub(super) async fn follow(
        &self,
        driver: &Driver<'_>,
        prepared: &Prepared,
    ) -> Result<Followed, Failure> {
        let earlier = recorded_costs::earlier(&self.stack.name, self.target);
        let mut following = Following::after(earlier);
        loop {
            let job = self.follow_to_end(driver, prepared, &mut following);
            let followed = interrupt::or(job).await;
            self.progress.clear();
            if let Some(outcome) = followed {
                let outcome = outcome?;
                self.paces.replace(following.paces().clone());
                return Ok(Followed::Done(outcome));
            }
            let observed = self.cloud().observe(&self.stack.name, None).await?;
            let until = observed
                .live()
                .map(|cluster| view::status::until(cluster, observed.at));
            match ctrl_c::choose(until.as_deref(), self.target.session).await {
                Choice::GoOn => {}
                Choice::Leave => return Ok(Followed::Left(Exit::Interrupted)),
                Choice::Terminate => {
                    let end = End::asked("it was ended by hand");
                    let ended = driver.terminate(&observed, end);
                    interrupt::or_stop(ended, STOPPED_ENDING).await??;
                    self.reporter().say("the cluster has terminated");
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
        following: &mut Following,
    ) -> Result<Option<Outcome>, Failure> {
        let end = tokio::select! {
            done = driver.follow(prepared, following) => return Ok(done?),
            end = until_spent(self.admission) => end,
            never = self.draw() => match never {},
        };
        let observed = self.cloud().observe(&self.stack.name, None).await?;
        driver.terminate(&observed, end).await?;
        Ok(driver.follow(prepared, following).await?)
    }

    /// Draws the screen twice in a second, since times go on between two polls.
    async fn draw(&self) -> Infallible {
        loop {
            tokio::time::sleep(REDRAW_INTERVAL).await;
            self.progress.tick();
        }
    }

    /// Ends an apply that leaves its cluster running.
    pub(super) async fn leave_running(
        &self,
        exit: Exit,
        prepared: &Prepared,
    ) -> Result<Finished, Failure> {
        let clusters = self.cloud().watch(&self.stack.name).await?;
        self.settle(&clusters).await;
        let live = clusters
            .iter()
            .rev()
            .find(|cluster| cluster.state.is_live());
        if let Some(cluster) = live {
            self.leave(cluster).await;
        }
        if live.is_some() {
            self.say_unattended();
        }
        if let Some(cluster) = live.filter(|_| exit == Exit::Done) {
            let until = view::status::until(cluster, SystemClock.now());
            self.reporter().text(&format!("left running: {until}"));
            self.say_next("apply");
        }
        let document = self.document(exit, prepared, clusters.last(), None, true);
        Ok(Finished::with(exit, document))
    }

    /// Records with the cluster that no `apply` follows it any longer, which `status` shows.
    pub(super) async fn leave(&self, cluster: &Cluster) {
        let left = follow::leave(self.cloud(), &self.stack.name, cluster, self.progress).await;
        if let Err(error) = left {
            self.reporter().say(&format!(
                "warning: could not record that no apply follows it: {error}"
            ));
        }
    }
}
