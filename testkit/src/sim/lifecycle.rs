//! The life of a cluster: what is due next, and what happens then.

use super::cluster::Cluster;
use super::world::{State, span};
use super::{Dead, IDLE_REASON};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::emr::OnFailure;
use clusterup::model::observed::{ClusterState, StepState};

const BOOTSTRAPPING_SECONDS: (u64, u64) = (30, 120);
const TERMINATING_SECONDS: (u64, u64) = (30, 300);

const LAUNCHING: TimeDelta = TimeDelta::minutes(1);

const BOOTSTRAP_FAILURE: &str = "BOOTSTRAP_FAILURE";
const STEPS_COMPLETED: &str = "ALL_STEPS_COMPLETED";
const USER_REQUEST: &str = "USER_REQUEST";

impl Cluster {
    /// When something happens to it next by itself.
    pub(super) fn due(&self, dead: &Dead) -> Option<DateTime<Utc>> {
        let off = self.powers_off().filter(|_| !dead.power_off);
        let varies = self.varies_at();
        self.phase_due(dead)
            .into_iter()
            .chain(off)
            .chain(varies)
            .min()
    }

    fn phase_due(&self, dead: &Dead) -> Option<DateTime<Utc>> {
        match self.state {
            ClusterState::Starting
            | ClusterState::Bootstrapping
            | ClusterState::Running
            | ClusterState::Terminating => Some(self.phase_ends),
            ClusterState::Waiting if dead.idle_policy || self.habits.is_busy() => None,
            // AWS does not document that the policy ends a protected cluster.
            ClusterState::Waiting if self.protected => None,
            ClusterState::Waiting => self.idle.map(|(timeout, set_at)| {
                // A policy that comes late to a cluster long idle takes effect at once.
                (self.waiting_since + timeout.delta()).max(set_at)
            }),
            ClusterState::Terminated | ClusterState::TerminatedWithErrors => None,
        }
    }

    /// What is due happens; the world's time is when.
    pub(super) fn happen(&mut self, world: &mut State) {
        let dead = &world.settings.dead;
        let phase = self.phase_due(dead).is_some_and(|at| at <= world.now);
        if !phase && self.varies_at().is_some_and(|at| at <= world.now) {
            return self.vary(world.now);
        }
        if !phase {
            return self.power_off(world.now);
        }
        match self.state {
            ClusterState::Starting => self.started(world),
            ClusterState::Bootstrapping => self.bootstrapped(world),
            ClusterState::Running => self.step_ended(world),
            ClusterState::Waiting => self.shut_down(world.now, IDLE_REASON, None),
            ClusterState::Terminating => self.over(world.now),
            ClusterState::Terminated | ClusterState::TerminatedWithErrors => {}
        }
    }

    fn started(&mut self, world: &State) {
        if let Some(message) = world.launch_fault(&self.order) {
            return self.shut_down(world.now, "VALIDATION_ERROR", Some(&message));
        }
        if let Some(code) = self.failure_code.take_if(|code| code != BOOTSTRAP_FAILURE) {
            return self.shut_down(world.now, &code, Some("The cluster could not be started."));
        }
        // A minute before they were up.
        self.launched_at = Some(self.created_at.max(world.now - LAUNCHING));
        let launched_at = self.launched_at.unwrap_or(world.now);
        self.launch(launched_at);
        self.groups
            .iter_mut()
            .for_each(|group| group.follow(launched_at));
        self.state = ClusterState::Bootstrapping;
        self.phase_ends = world.now + span(&self.rng, BOOTSTRAPPING_SECONDS);
    }

    fn bootstrapped(&mut self, world: &mut State) {
        if self.failure_code.is_some() || world.lacks_bootstrap(&self.order) {
            let message = "On the master instance, a bootstrap action failed";
            return self.shut_down(world.now, BOOTSTRAP_FAILURE, Some(message));
        }
        self.ready_at = Some(world.now);
        for group in &mut self.groups {
            group.settle(group.requested);
        }
        self.go_on(world);
    }

    /// Begins the next step, or what comes after the last.
    pub(super) fn go_on(&mut self, world: &mut State) {
        let mut steps = self.steps.iter_mut();
        let next = steps.find(|step| step.state == StepState::Pending);
        if let Some(step) = next {
            step.state = StepState::Running;
            step.started_at = Some(world.now);
            let takes = world.step_time(&step.order.name);
            let takes = takes.unwrap_or_else(|| span(&self.rng, world.settings.step_seconds));
            self.phase_ends = world.now + takes;
            self.state = ClusterState::Running;
        } else if self.order.keep_alive || world.settings.dead.keep_alive {
            self.state = ClusterState::Waiting;
            self.waiting_since = world.now;
        } else {
            let well = self
                .steps
                .iter()
                .all(|step| step.state == StepState::Completed);
            let message = if well {
                "Steps completed"
            } else {
                "Steps completed with errors"
            };
            self.shut_down(world.now, STEPS_COMPLETED, Some(message));
        }
    }

    fn step_ended(&mut self, world: &mut State) {
        let mut steps = self.steps.iter_mut();
        let Some(step) = steps.find(|step| step.state == StepState::Running) else {
            return;
        };
        step.ended_at = Some(world.now);
        step.failure = world.step_outcome(&self.order.log_uri, &self.id, step);
        if step.failure.is_none() {
            step.state = StepState::Completed;
            return self.go_on(world);
        }
        step.state = StepState::Failed;
        if step.order.on_failure == OnFailure::Continue {
            return self.go_on(world);
        }
        let stays = self.order.keep_alive && self.protected;
        if step.order.on_failure == OnFailure::TerminateCluster && !stays {
            let message = "Shut down as step failed";
            return self.shut_down(world.now, "STEP_FAILURE", Some(message));
        }
        self.cut_off(world.now);
        self.go_on(world);
    }

    /// Ends it on request.
    pub(super) fn end_by_request(&mut self, now: DateTime<Utc>) {
        if self.state.is_live() {
            self.shut_down(now, USER_REQUEST, Some("Terminated by user request"));
        }
    }

    pub(super) fn shut_down(&mut self, now: DateTime<Utc>, code: &str, message: Option<&str>) {
        self.state = ClusterState::Terminating;
        // EMR may give none.
        self.reason = Some(code.to_owned()).filter(|code| !code.is_empty());
        self.message = message.map(str::to_owned);
        self.phase_ends = now + span(&self.rng, TERMINATING_SECONDS);
        self.down_at = Some(now);
        self.cut_off(now);
    }

    /// The running step is interrupted, those to come are cancelled.
    fn cut_off(&mut self, now: DateTime<Utc>) {
        for step in &mut self.steps {
            match step.state {
                StepState::Pending => step.state = StepState::Cancelled,
                StepState::Running => {
                    step.state = StepState::Interrupted;
                    step.ended_at = Some(now);
                }
                StepState::Completed
                | StepState::Failed
                | StepState::Cancelled
                | StepState::Interrupted => {}
            }
        }
    }

    fn over(&mut self, now: DateTime<Utc>) {
        let well = [USER_REQUEST, STEPS_COMPLETED, IDLE_REASON];
        let well = self
            .reason
            .as_deref()
            .is_none_or(|code| well.contains(&code));
        self.state = if well {
            ClusterState::Terminated
        } else {
            ClusterState::TerminatedWithErrors
        };
        self.ended_at = Some(now);
        self.all_gone(now);
        for group in &mut self.groups {
            group.settle(0);
        }
    }
}

impl State {
    /// The duration of a step if a test has set one.
    fn step_time(&mut self, name: &str) -> Option<TimeDelta> {
        let step_times = &mut self.script.step_times;
        let index = step_times
            .iter()
            .position(|(part, _)| name.contains(part.as_str()))?;
        Some(step_times.remove(index).1)
    }
}
