//! Checks whether schedules that end clusters can be created, by creating one and deleting it.

use super::Account;
use super::safeguards::write_schedule;
use crate::cloud::CloudError;
use crate::cloud::api::scheduler::{DeleteSchedule, GetSchedule, Schedule};
use crate::cloud::api::{Api, ApiError};
use chrono::{DurationRound, TimeDelta};

impl<A: Api> Account<A> {
    pub(super) async fn try_schedule_far_off(&self) -> Result<Result<(), ApiError>, CloudError> {
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
