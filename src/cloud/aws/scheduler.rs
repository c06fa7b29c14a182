//! Amazon EventBridge Scheduler by the SDK.

use super::Sdk;
use super::error::{told, unbuilt, unless};
use crate::cloud::api::scheduler::{
    CreateSchedule, DeleteSchedule, GetSchedule, ListSchedules, Schedule, UpdateSchedule,
};
use crate::cloud::api::{ApiError, Call, Kind, Page, Serve};
use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, ScheduleState,
    Target,
};
use chrono::{DateTime, NaiveDateTime, Utc};

/// Without a zone: that is a field of its own.
const AT: &str = "at(%Y-%m-%dT%H:%M:%S)";
const ZONE: &str = "UTC";
/// Where a schedule is that names no other.
const GROUP: &str = "default";
/// Without a policy it would be tried for a day, and a cluster is no better for being ended then.
const TRIED_SECONDS: i32 = 3_600;
const TRIED_TIMES: i32 = 20;

/// All that there is to say of a schedule. What an update does not say again is reset.
struct ScheduleFields {
    expression: String,
    zone: &'static str,
    window: FlexibleTimeWindow,
    after: ActionAfterCompletion,
    state: ScheduleState,
    target: Target,
}

fn said<C: Call>(schedule: &Schedule) -> Result<ScheduleFields, ApiError> {
    let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off);
    let retries = RetryPolicy::builder()
        .maximum_event_age_in_seconds(TRIED_SECONDS)
        .maximum_retry_attempts(TRIED_TIMES);
    let target = Target::builder()
        .arn(&schedule.target)
        .role_arn(&schedule.role)
        .input(&schedule.input)
        .retry_policy(retries.build());
    Ok(ScheduleFields {
        expression: schedule.at.format(AT).to_string(),
        zone: ZONE,
        window: window.build().map_err(unbuilt::<C>)?,
        after: ActionAfterCompletion::Delete,
        state: ScheduleState::Enabled,
        target: target.build().map_err(unbuilt::<C>)?,
    })
}

impl Serve<CreateSchedule> for Sdk {
    async fn serve(&self, call: CreateSchedule) -> Result<(), ApiError> {
        let said = said::<CreateSchedule>(&call.0)?;
        self.scheduler
            .create_schedule()
            .name(call.0.name)
            .schedule_expression(said.expression)
            .schedule_expression_timezone(said.zone)
            .flexible_time_window(said.window)
            .action_after_completion(said.after)
            .state(said.state)
            .target(said.target)
            .send()
            .await
            .map_err(|error| taken(told::<CreateSchedule, _>(error)))?;
        Ok(())
    }
}

impl Serve<UpdateSchedule> for Sdk {
    async fn serve(&self, call: UpdateSchedule) -> Result<(), ApiError> {
        let said = said::<UpdateSchedule>(&call.0)?;
        self.scheduler
            .update_schedule()
            .name(call.0.name)
            .schedule_expression(said.expression)
            .schedule_expression_timezone(said.zone)
            .flexible_time_window(said.window)
            .action_after_completion(said.after)
            .state(said.state)
            .target(said.target)
            .send()
            .await
            .map_err(told::<UpdateSchedule, _>)?;
        Ok(())
    }
}

/// What would be made is there.
fn taken(error: ApiError) -> ApiError {
    match error.code.as_deref() {
        Some("ConflictException") => ApiError {
            kind: Kind::Exists,
            ..error
        },
        Some(_) | None => error,
    }
}

impl Serve<GetSchedule> for Sdk {
    async fn serve(&self, call: GetSchedule) -> Result<Option<Schedule>, ApiError> {
        let GetSchedule { name } = call;
        let reply = self
            .scheduler
            .get_schedule()
            .name(&name)
            .send()
            .await
            .map_err(told::<GetSchedule, _>);
        match reply {
            Ok(theirs) => Ok(ours(name, theirs)),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// None of one that somebody turned off, or to the clocks of somewhere else: it does not fire at
/// its time.
fn ours(name: String, theirs: GetScheduleOutput) -> Option<Schedule> {
    let zone = theirs.schedule_expression_timezone.as_deref();
    if theirs.state == Some(ScheduleState::Disabled) || zone.is_some_and(|zone| zone != ZONE) {
        return None;
    }
    let target = theirs.target?;
    Some(Schedule {
        name,
        at: time(theirs.schedule_expression.as_deref()?)?,
        target: target.arn,
        role: target.role_arn,
        input: target.input.unwrap_or_default(),
    })
}

fn time(expression: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(expression, AT).ok()?;
    Some(time.and_utc())
}

impl Serve<DeleteSchedule> for Sdk {
    async fn serve(&self, call: DeleteSchedule) -> Result<(), ApiError> {
        let reply = self
            .scheduler
            .delete_schedule()
            .name(call.name)
            .send()
            .await;
        reply
            .map(|_| ())
            .map_err(told::<DeleteSchedule, _>)
            .or_else(unless(Kind::NotFound))
    }
}

impl Serve<ListSchedules> for Sdk {
    async fn serve(&self, call: ListSchedules) -> Result<Page<String>, ApiError> {
        let reply = self
            .scheduler
            .list_schedules()
            .group_name(GROUP)
            .name_prefix(call.prefix)
            .set_next_token(call.next)
            .send()
            .await
            .map_err(told::<ListSchedules, _>)?;
        let schedules = reply.schedules.into_iter();
        Ok(Page {
            items: schedules.filter_map(|schedule| schedule.name).collect(),
            next: reply.next_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_that_will_not_fire_at_its_time_is_none() {
        let target = Target::builder().arn("a").role_arn("r").build().unwrap();
        let theirs = GetScheduleOutput::builder()
            .schedule_expression("at(2026-01-02T03:04:05)")
            .target(target);
        let there = |theirs: GetScheduleOutput| ours("s".to_owned(), theirs).is_some();
        assert!(there(theirs.clone().build()));
        let on = theirs.clone().state(ScheduleState::Enabled);
        assert!(there(on.schedule_expression_timezone(ZONE).build()));
        let off = theirs.clone().state(ScheduleState::Disabled);
        assert!(!there(off.build()));
        let elsewhere = theirs.schedule_expression_timezone("Asia/Seoul");
        assert!(!there(elsewhere.build()));
    }

    #[test]
    fn a_time_is_said_without_a_zone_and_read_back() {
        let at = DateTime::from_timestamp(1_767_323_045, 0).unwrap();
        let expression = at.format(AT).to_string();
        assert_eq!(expression, "at(2026-01-02T03:04:05)");
        assert_eq!(time(&expression), Some(at));
        assert_eq!(time("rate(5 minutes)"), None);
        assert_eq!(time("at(2026-01-02T03:04:05Z)"), None);
    }
}
