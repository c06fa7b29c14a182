//! `simulate`: what policies would have saved, and whom they would have stopped. It only reads.

mod arrivals;

use super::document::DocumentArgs;
use super::flags::{PoliciesArgs, TargetArgs};
use super::verb::{Finished, Verb};
use super::view::simulate::SimulationView;
use super::view::simulate_document;
use crate::app::failure::Failure;
use crate::app::history;
use crate::app::policies::{LoadedPolicies, PolicySource};
use crate::app::session::Session;
use crate::app::stack_file::{self, StackFile};
use crate::app::target::Target;
use crate::model::clock::Clock;
use crate::model::event::Event;
use crate::model::hint::CommandContext;
use crate::model::name::StackName;
use crate::model::place::Place;
use crate::model::stack::Stack;
use crate::run::clock::SystemClock;
use crate::simulate::{History, Simulated, Simulation, simulate};
use arrivals::ArrivalArgs;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct SimulateArgs {
    /// Play clusters of these stacks' files, which arrive as --arrivals says, instead of a history
    #[arg(requires = "arrivals", conflicts_with_all = ["history", "days", "local", "region"])]
    stacks: Vec<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    policies: PoliciesArgs,
    /// How many days back the history begins; EMR remembers two months
    #[arg(long, value_name = "N", default_value_t = 60)]
    #[arg(value_parser = RangedU64ValueParser::<u16>::new().range(1..=366))]
    days: u16,
    /// Play the history that this file has, and read nothing else
    #[arg(long, value_name = "FILE", conflicts_with_all = ["days", "local", "region"])]
    history: Option<PathBuf>,
    /// Also write the history to this new file
    #[arg(long, value_name = "FILE", conflicts_with = "history")]
    save_history: Option<PathBuf>,
    #[command(flatten)]
    arrivals: ArrivalArgs,
    #[command(flatten)]
    document: DocumentArgs,
}

impl Verb for SimulateArgs {
    fn here(&self) -> CommandContext {
        self.target.here(None)
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let stacks = self.read_stacks()?;
        let policies = self.read_policies(session).await?;
        let history = self.history(&stacks, session).await?;
        if policies.policies.is_empty() {
            reporter.say(
                "warning: there are no policies here; only the clusters' own guardrails are played",
            );
        }
        let saved = match &self.save_history {
            Some(path) => {
                history::save(&history, path)?;
                reporter.say(&format!("wrote {}", path.display()));
                Some(path.display().to_string())
            }
            None => None,
        };
        let result = play(&history, &policies, &stacks, session);
        let view = SimulationView {
            result: &result,
            place: &history.place,
            assumed: !self.stacks.is_empty(),
        };
        let html = self
            .document
            .write(|| simulate_document::render(&view), session)?;
        reporter.text(&view.text());
        Ok(Finished::done(SimulateDocument {
            target: history.place.clone(),
            assumed: view.assumed,
            from: policies.places,
            result,
            history: saved,
            html,
        }))
    }
}

impl SimulateArgs {
    fn read_stacks(&self) -> Result<BTreeMap<StackName, Stack>, Failure> {
        let mut stacks: BTreeMap<StackName, Stack> = BTreeMap::new();
        for path in &self.stacks {
            let stack = stack_file::read(&StackFile::new(path.clone()))?;
            let name = stack.name.clone();
            let other = stacks.values().find(|it| it.region != stack.region);
            if let Some(other) = other {
                let message = format!(
                    "stack {name} is in {}, and stack {} in {}",
                    stack.region, other.name, other.region
                );
                return Err(Failure::input(message).hint("simulate the stacks of each region"));
            }
            if stacks.insert(name.clone(), stack).is_some() {
                let message = format!("two of the files are of stack {name}");
                return Err(Failure::input(message).hint("leave one of them out"));
            }
        }
        Ok(stacks)
    }

    async fn read_policies(&self, session: &Session) -> Result<LoadedPolicies, Failure> {
        let place = self.policies.place();
        match self.stacks.first() {
            Some(file) => place.read(file, session).await,
            None => place.read_here(session).await,
        }
    }

    async fn history(
        &self,
        stacks: &BTreeMap<StackName, Stack>,
        session: &Session,
    ) -> Result<History, Failure> {
        let now = SystemClock.now();
        if !stacks.is_empty() {
            return self.arrivals.history(stacks, session, now);
        }
        if let Some(path) = &self.history {
            return history::read(path);
        }
        let target = Target::open(&self.target.choice(), None, session).await?;
        history::of_place(&target, history::last_days(self.days, now)).await
    }
}

fn play(
    history: &History,
    policies: &LoadedPolicies,
    stacks: &BTreeMap<StackName, Stack>,
    session: &Session,
) -> Simulated {
    let progress = session.reporter.progress();
    let simulation = Simulation {
        history,
        policies: &policies.policies,
        stacks,
    };
    let result = simulate(&simulation, &mut |done, total| {
        let what = "playing clusters".to_owned();
        let (done, total) = (done as u64, total as u64);
        progress.on_event(&Event::Counted { what, done, total });
    });
    progress.clear();
    result
}

/// What policies would have saved, and whom they would have stopped.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct SimulateDocument {
    /// The place of the clusters.
    target: Place,
    /// Whether the clusters are assumed, from stacks and their arrivals, and not recorded.
    assumed: bool,
    /// Where the policies were read from.
    from: Vec<PolicySource>,
    /// What was found.
    result: Simulated,
    /// The file of `--save-history`.
    history: Option<String>,
    /// The file of `--html`.
    html: Option<String>,
}
