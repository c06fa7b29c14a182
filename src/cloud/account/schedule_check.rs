//! Checks whether schedules that end clusters can be created, by creating one and deleting it.

use super::Account;
use super::safeguards::write_schedule;
use crate::cloud::api::scheduler::{DeleteSchedule, GetSchedule, Schedule};
use crate::cloud::api::{Api, ApiError};
use crate::cloud::{CloudError, Finding};
use chrono::{DurationRound, TimeDelta};

impl<A: Api> Account<A> {
    /// EventBridge checks the role when a schedule is created, but the call only when it fires.
    pub(super) async fn try_to_schedule(&self) -> Finding {
        let what = "schedule".to_owned();
        let create_and_delete = self.try_schedule_far_off().await;
        let (good, says, hints) = match create_and_delete {
            Ok(Ok(())) => (
                true,
                "one was created, read and deleted".to_owned(),
                Vec::new(),
            ),
            Ok(Err(error)) => {
                let create = "apply any stack with --create-roles: it creates the role, once";
                let put_policy = format!("or ask for the permission {}", error.call);
                (
                    false,
                    error.to_string(),
                    vec![create.into(), put_policy.into()],
                )
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

    async fn try_schedule_far_off(&self) -> Result<Result<(), ApiError>, CloudError> {
        // No cluster has such an id. The time is a year off, in case the deletion fails.
        let id = format!("j-TRIAL{:08X}", self.rng.next() & 0xFFFF_FFFF);
        let at = self.settings.clock.now() + TimeDelta::days(365);
        let at = at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at);
        let schedule = self.ending_schedule(&id, at).await?;
        Ok(self.create_and_delete(schedule).await)
    }

    async fn create_and_delete(&self, schedule: Schedule) -> Result<(), ApiError> {
        write_schedule(&*self.api, schedule.clone(), false).await?;
        let name = schedule.name.clone();
        let read = self.api.serve(GetSchedule { name: name.clone() }).await;
        let removed = self.api.serve(DeleteSchedule { name }).await;
        let same = read?.is_some_and(|read| read == schedule);
        removed?;
        if same {
            Ok(())
        } else {
            Err(ApiError {
                call: "scheduler:GetSchedule",
                kind: crate::cloud::api::Kind::Invalid,
                code: None,
                message: "the schedule differs from the one that was created".to_owned(),
                cause: None,
            })
        }
    }
}
