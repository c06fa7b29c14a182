//! Targets: this machine, or a region of AWS.

use super::Place;
use super::environment::region::default_region;
use super::failure::Failure;
use super::preflight;
use super::session::Session;
use crate::cloud::Cloud;
use crate::model::name::Region;

/// Which target a command means.
#[derive(Debug, Clone)]
pub(crate) enum TargetChoice {
    ThisMachine,
    Region(Region),
    /// The region of the environment or the profile.
    Default,
}

/// A target that a session has opened.
pub(crate) struct Target<'a> {
    pub(crate) session: &'a Session,
    pub(crate) cloud: Box<dyn Cloud>,
    /// `None` for this machine.
    pub(crate) region: Option<Region>,
}

impl<'a> Target<'a> {
    /// `of_stack`: the region in the stack's file, if there is a file.
    pub(crate) async fn open(
        choice: &TargetChoice,
        of_stack: Option<&Region>,
        session: &'a Session,
    ) -> Result<Self, Failure> {
        if matches!(choice, TargetChoice::ThisMachine) {
            let cloud = Box::new(session.environment.local()?);
            return Ok(Self {
                session,
                cloud,
                region: None,
            });
        }
        let region = match (of_stack, choice) {
            (Some(region), _) | (None, TargetChoice::Region(region)) => region.clone(),
            (None, TargetChoice::ThisMachine | TargetChoice::Default) => default_region().await?,
        };
        if let Some(complaint) = preflight::region(&region, &session.environment) {
            let failure = Failure::input(complaint.message);
            return Err(complaint.help.into_iter().fold(failure, Failure::hint));
        }
        let cloud = session.environment.aws(&region).await?;
        Ok(Self {
            session,
            cloud,
            region: Some(region),
        })
    }

    /// In words: `on this machine`, `in us-east-1`.
    pub(crate) fn place(&self) -> String {
        match &self.region {
            Some(region) => format!("in {region}"),
            None => "on this machine".to_owned(),
        }
    }

    pub(crate) fn place_of_clusters(&self) -> Place<'_> {
        Place {
            cloud: &*self.cloud,
            region: self.region.as_ref(),
        }
    }

    /// The name in the ledger: `local`, or the region.
    pub(crate) fn name(&self) -> String {
        self.place_of_clusters().name()
    }

    /// Whether clusters of this target cost money.
    pub(crate) const fn costs(&self) -> bool {
        self.region.is_some()
    }
}
