//! Whether schedules that end clusters can be made here: tried for real, for nothing, and undone.

use super::Account;
use super::safeguards::set;
use crate::cloud::api::scheduler::{DeleteSchedule, GetSchedule, Schedule};
use crate::cloud::api::{Api, ApiError};
use crate::cloud::{CloudError, Finding};
use chrono::{DurationRound, TimeDelta};

impl<A: Api> Account<A> {
    /// EventBridge sees to it, when a schedule is made, that it may take the role; the call that the
    /// schedule makes it looks at only when it fires.
    pub(super) async fn trial(&self) -> Finding {
        let what = "schedule".to_owned();
        let tried = self.make_and_remove().await;
        let (good, says, hints) = match tried {
            Ok(Ok(())) => (
                true,
                "one was made, read and removed".to_owned(),
                Vec::new(),
            ),
            Ok(Err(error)) => {
                let create = "apply any stack with --create-roles: it makes the role, once";
                let permit = format!("or ask for the permission {}", error.call);
                (false, error.to_string(), vec![create.into(), permit.into()])
            }
            Err(error) => (false, error.to_string(), error.hints),
        };
        Finding {
            what,
            good,
            says,
            hints,
        }
    }

    async fn make_and_remove(&self) -> Result<Result<(), ApiError>, CloudError> {
        // No cluster has such an id; a year off, in case that removing it fails.
        let id = format!("j-TRIAL{:08X}", self.rng.next() & 0xFFFF_FFFF);
        let at = self.settings.clock.now() + TimeDelta::days(365);
        let at = at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at);
        let wanted = self.ending(&id, at).await?;
        Ok(self.tried(wanted).await)
    }

    async fn tried(&self, wanted: Schedule) -> Result<(), ApiError> {
        set(&*self.api, wanted.clone(), false).await?;
        let name = wanted.name.clone();
        let read = self.api.serve(GetSchedule { name: name.clone() }).await;
        let removed = self.api.serve(DeleteSchedule { name }).await;
        let same = read?.is_some_and(|read| read == wanted);
        removed?;
        if same {
            Ok(())
        } else {
            Err(ApiError {
                call: "scheduler:GetSchedule",
                kind: crate::cloud::api::Kind::Invalid,
                code: None,
                message: "what was made is not what was asked for".to_owned(),
                cause: None,
            })
        }
    }
}
