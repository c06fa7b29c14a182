//! Targets: this machine, or a region of AWS.

use super::OpenPlace;
use super::environment::region::default_region;
use super::failure::Failure;
use super::preflight;
use super::session::Session;
use crate::cloud::Cloud;
use crate::model::hint::Command;
use crate::model::name::Region;
use crate::model::place::Place;

/// Which target a command means.
#[derive(Debug, Clone)]
pub(crate) enum TargetChoice {
    Place(Place),
    /// The region of the environment or the profile.
    Default,
}

/// A target that a session has opened.
pub(crate) struct Target<'a> {
    pub(crate) session: &'a Session,
    pub(crate) cloud: Box<dyn Cloud>,
    pub(crate) place: Place,
}

impl<'a> Target<'a> {
    /// `of_stack`: the region in the stack's file, if there is a file.
    pub(crate) async fn open(
        choice: &TargetChoice,
        of_stack: Option<&Region>,
        session: &'a Session,
    ) -> Result<Self, Failure> {
        let region = match (choice, of_stack) {
            (TargetChoice::Place(Place::Local), _) => {
                let cloud = Box::new(session.environment.local()?);
                return Ok(Self {
                    session,
                    cloud,
                    place: Place::Local,
                });
            }
            (TargetChoice::Place(place @ Place::Account(account, region)), _) => {
                let place = place.in_words();
                let message = format!("what is {place} needs that account's credentials");
                return Err(Failure::input(message)
                    .hint(format!(
                        "select a profile of account {account}: set AWS_PROFILE"
                    ))
                    .hint(Command::again().args(&format!("--region {region}"))));
            }
            (_, Some(region)) | (TargetChoice::Place(Place::Region(region)), None) => {
                region.clone()
            }
            (TargetChoice::Default, None) => default_region(&session.environment).await?,
        };
        if let Some(complaint) = preflight::region(&region, &session.environment) {
            let failure = Failure::input(complaint.message);
            return Err(complaint.help.into_iter().fold(failure, Failure::hint));
        }
        let cloud = session.environment.aws(&region).await?;
        Ok(Self {
            session,
            cloud,
            place: Place::Region(region),
        })
    }

    pub(crate) fn opened(&self) -> OpenPlace<'_> {
        OpenPlace {
            cloud: &*self.cloud,
            at: &self.place,
        }
    }

    /// Whether clusters of this target cost money.
    pub(crate) const fn costs(&self) -> bool {
        self.place.region().is_some()
    }
}
