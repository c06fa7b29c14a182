//! One cluster that tries out beliefs: its stack, made and removed as every stack is.

use super::clusters::{self, Kind};
use super::seen::Left;
use crate::app::agreement::{Agreement, Consent, PlanReader, Proposal};
use crate::app::destruction::Destroy;
use crate::app::failure::{Exit, Failure};
use crate::app::inputs::InputCheck;
use crate::app::policies::{LoadedPolicies, PolicyPlace};
use crate::app::reporter::Progress;
use crate::app::session::Session;
use crate::app::stack_admission::{PolicyReport, StackAdmission};
use crate::app::stack_file::{self, StackFile};
use crate::app::target::{Target, TargetChoice};
use crate::cloud::{AwsAccount, CloudError};
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::desired::JobSpec;
use crate::model::facts::Facts;
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::name::{ClusterId, Region};
use crate::model::observed::Cluster;
use crate::model::place::Place;
use crate::model::shown::Untrusted;
use crate::model::stack::Stack;
use crate::plan::{self, Options};
use crate::policy::CostBound;
use crate::run::clock::SystemClock;
use crate::run::driver::Driver;
use crate::text::StackNames;
use std::path::{Path, PathBuf};

pub(super) struct Trial<'a> {
    pub(super) kind: Kind,
    pub(super) stack: Stack,
    pub(super) target: Target<'a>,
    pub(super) policies: LoadedPolicies,
    names: StackNames,
    file: PathBuf,
}

/// What a cluster can cost, and what an earlier run has left of its stack.
pub(super) struct Preview {
    /// `None` if a price is not known.
    pub(super) most: Option<Usd>,
    pub(super) is_left: bool,
}

/// A cluster that was made.
pub(super) struct Made {
    pub(super) id: ClusterId,
    pub(super) job: Option<JobSpec>,
}

const OPTIONS: Options = Options {
    again: true,
    create_roles: false,
    no_lint: true,
};

impl<'a> Trial<'a> {
    /// Reads the stack, whose scripts are in a folder.
    pub(super) async fn open(
        kind: Kind,
        region: &Region,
        folder: &Path,
        session: &'a Session,
    ) -> Result<Self, Failure> {
        let mut file = StackFile::new(folder.join(format!("{kind}.doctor-live.yaml")));
        file.text = Some(kind.yaml(region));
        let read = stack_file::read_whole(&file, &session.environment, false)?;
        let policies = PolicyPlace::default().read_here(session).await?;
        let choice = TargetChoice::Place(Place::Region(region.clone()));
        let target = Target::open(&choice, None, session).await?;
        Ok(Self {
            kind,
            stack: policies.policies.impose(read.stack),
            target,
            policies,
            names: read.names,
            file: file.path,
        })
    }

    /// The account, for what no stack does.
    pub(super) fn aws(&self) -> Result<&dyn AwsAccount, Failure> {
        let aws = self.target.cloud.aws();
        aws.ok_or_else(|| Failure::new(Exit::Failed, "the target is not an account of AWS"))
    }

    async fn facts(&self, progress: &dyn Progress) -> Result<Facts, CloudError> {
        self.target.cloud.facts(&self.stack, None, progress).await
    }

    fn driver<'d>(&'d self, facts: &'d Facts, progress: &'d dyn Progress) -> Driver<'d> {
        Driver {
            cloud: &*self.target.cloud,
            stack: &self.stack,
            facts,
            listener: progress,
            clock: &SystemClock,
        }
    }

    /// Looks what exists, and computes what the cluster can cost. Changes nothing.
    pub(super) async fn preview(&self, progress: &dyn Progress) -> Result<Preview, Failure> {
        let facts = self.facts(progress).await?;
        let prepared = self.driver(&facts, progress).prepare(OPTIONS).await?;
        self.refuse_other().await?;
        let bound = CostBound::of(&prepared.desired.cluster, SystemClock.now());
        Ok(Preview {
            most: bound.map(|bound| bound.whole()),
            is_left: !plan::destroy(&self.stack.name, &prepared.observed).is_empty(),
        })
    }

    /// Returns an error if the stack is somebody's own.
    async fn refuse_other(&self) -> Result<(), Failure> {
        let (stack, place) = (&self.stack.name, &self.target.place);
        let Some(origin) = self.target.cloud.origin(stack).await? else {
            return Ok(());
        };
        if Path::new(&origin.file).file_name() == self.file.file_name() {
            return Ok(());
        }
        let message = format!("stack {stack} is not one of doctor --live: it was applied {origin}");
        Err(Failure::input(message)
            .hint("doctor --live uses this name: destroy the stack, and give it another name")
            .hint(Command::clusterup("destroy").stack_at(stack, place)))
    }

    /// Makes the cluster. The user has agreed to that already.
    pub(super) async fn make(&self, progress: &dyn Progress) -> Result<Made, Failure> {
        let facts = self.facts(progress).await?;
        let admission = StackAdmission::open(&self.policies, &self.stack, &self.target, None);
        let admission = admission.await?;
        let agreement = Agreement {
            target: &self.target,
            stack: &self.stack,
            file: &self.file,
            options: OPTIONS,
            admission: &admission,
            progress,
            reader: &Agreed,
            inputs: InputCheck {
                stack: &self.stack,
                names: &self.names,
                target: &self.target,
                is_off: true,
            },
        };
        let driver = self.driver(&facts, progress);
        let prepared = agreement.apply(&driver).await?;
        let cluster = self.cluster().await?.ok_or_else(|| {
            let message = format!("stack {} has no cluster although it was applied", self.kind);
            Failure::new(Exit::Failed, message)
                .hint("see what became of it")
                .hint(Command::clusterup("status").stack_at(&self.stack.name, &self.target.place))
        })?;
        Ok(Made {
            id: cluster.id,
            job: prepared.and_then(|prepared| prepared.desired.job),
        })
    }

    /// The newest cluster of the stack.
    pub(super) async fn cluster(&self) -> Result<Option<Cluster>, CloudError> {
        let clusters = self.target.cloud.watch(&self.stack.name).await?;
        Ok(clusters.into_iter().next_back())
    }

    /// Deletes the schedule of the living cluster, so that nothing but its primary ends it in time.
    pub(super) async fn delete_schedule(
        &self,
        id: &ClusterId,
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        let (cloud, stack) = (&*self.target.cloud, &self.stack.name);
        let lease = cloud.lease(stack, progress).await?;
        let disarm = Action::Disarm(id.clone());
        let deleted = cloud.apply(stack, &disarm, progress).await;
        let released = lease.release().await;
        deleted?;
        Ok(released?)
    }

    /// Ends the cluster and deletes everything of the stack.
    pub(super) async fn remove(&self, progress: &dyn Progress) -> Result<(), Failure> {
        let destroy = Destroy {
            target: &self.target,
            stack: &self.stack.name,
            progress,
        };
        destroy.under_lease().await
    }

    /// Adds what is left of the stack and its cluster.
    pub(super) async fn look_for_left(
        &self,
        id: Option<&ClusterId>,
        left: &mut Left,
    ) -> Result<(), Failure> {
        let observed = self.target.cloud.inventory(&self.stack.name).await?;
        let kinds = &mut left.kinds;
        if observed.clusters.iter().any(|it| !it.state.is_over()) {
            kinds.insert("a cluster");
        }
        if observed.bucket.is_some() {
            kinds.insert("objects");
        }
        let Some(id) = id else {
            return Ok(());
        };
        let aws = self.aws()?;
        if aws.is_scheduled(id).await? {
            kinds.insert("a schedule");
        }
        let volumes = aws.volumes_left(id).await?;
        if !volumes.is_empty() {
            kinds.insert("EBS volumes");
        }
        left.volumes
            .extend(volumes.into_iter().map(Untrusted::from));
        Ok(())
    }
}

/// Writes the scripts of the stacks into a folder.
pub(super) fn write_scripts(folder: &Path) -> std::io::Result<()> {
    let script = folder.join(format!("{}.sh", clusters::ARGUMENTS));
    std::fs::write(script, clusters::SCRIPT)
}

/// The user has agreed to all clusters together.
struct Agreed;

impl PlanReader for Agreed {
    fn show(&self, _: &Proposal<'_>) {}

    fn show_policies(&self, _: &PolicyReport) {}

    fn consent(&self, _: &Proposal<'_>, _: &Consent<'_>) -> Result<bool, Failure> {
        Ok(true)
    }
}
