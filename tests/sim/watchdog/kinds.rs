//! The foreign clusters of a simulated fleet: what each does, and how its owner tagged it.

use clusterup::cloud::api::emr::{AddJobFlowSteps, NewStep, OnFailure};
use clusterup::cloud::api::{Serve, Tags};
use clusterup::model::step_command::StepCommand;
use clusterup_testkit::sim::Sim;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

/// What a cluster does, and its owner's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Forgotten,
    /// Somebody works on it by hand until an hour.
    ByHand(u32),
    /// A step that runs until an hour.
    InAStep(u32),
    /// A step that runs until an hour, of which YARN's metrics show nothing.
    OutsideYarn(u32),
    /// It is idle until its end is due; then its owner gives it work for an hour.
    Returns,
    /// It is idle until a minute; from then on somebody works on it, and its metrics are missing.
    Silent(u32),
    Stuck,
    Protected,
    Exempt,
    /// It has an application whose work neither steps nor YARN show.
    Hidden,
    /// Its metrics are not to be had.
    Mute,
}

impl Kind {
    /// Whether a watchdog is to end it sooner or later.
    pub(super) const fn ends(self) -> bool {
        match self {
            Self::Forgotten
            | Self::ByHand(_)
            | Self::InAStep(_)
            | Self::OutsideYarn(_)
            | Self::Returns => true,
            Self::Silent(_)
            | Self::Stuck
            | Self::Protected
            | Self::Exempt
            | Self::Hidden
            | Self::Mute => false,
        }
    }
}

pub(crate) async fn make(sim: &Sim, kind: Kind, number: u64) -> String {
    let mut tags = Tags::new();
    if kind == Kind::Exempt {
        tags.insert("keep".to_owned(), "yes".to_owned());
    }
    let id = sim.foreign_cluster(&format!("theirs/{number}"), tags);
    match kind {
        Kind::InAStep(hour) | Kind::OutsideYarn(hour) => {
            begin_step(sim, &id, &format!("work {number:05}"), HOUR * hour).await;
        }
        Kind::Stuck => begin_step(sim, &id, &format!("stuck {number:05}"), Duration::MAX).await,
        Kind::Forgotten
        | Kind::ByHand(_)
        | Kind::Returns
        | Kind::Silent(_)
        | Kind::Protected
        | Kind::Exempt
        | Kind::Hidden
        | Kind::Mute => {}
    }
    let known = match kind {
        Kind::Stuck => sim.stick(&id),
        Kind::ByHand(_) => sim.occupy(&id, true),
        Kind::OutsideYarn(_) => sim.run_outside_yarn(&id),
        Kind::Protected => sim.protect_cluster(&id, true),
        Kind::Hidden => sim.install(&id, "HBase"),
        Kind::Mute => sim.mute(&id, true),
        Kind::Forgotten | Kind::InAStep(_) | Kind::Returns | Kind::Silent(_) | Kind::Exempt => true,
    };
    assert!(known);
    id
}

/// A step that takes so long. Nothing happens if the cluster has ended.
pub(super) async fn begin_step(sim: &Sim, id: &str, name: &str, takes: Duration) {
    sim.time_step(name, takes);
    let step = NewStep {
        name: name.to_owned(),
        on_failure: OnFailure::CancelAndWait,
        command: StepCommand::program(vec!["spark-submit".to_owned()]),
    };
    let (id, steps) = (id.to_owned(), vec![step]);
    drop(sim.serve(AddJobFlowSteps { id, steps }).await);
}
