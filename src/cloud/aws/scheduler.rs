//! Amazon EventBridge Scheduler through the SDK.

use super::Sdk;
use super::error::{from_sdk, unbuilt};
use super::serve_empty::serve_empty;
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

/// The time zone is a separate field.
const AT: &str = "at(%Y-%m-%dT%H:%M:%S)";
const ZONE: &str = "UTC";
/// The group of schedules that name no other.
const GROUP: &str = "default";
/// The default is a day; an end that late is useless.
const RETRY_SECONDS: i32 = 3_600;
const RETRIES: i32 = 20;

/// All fields of a schedule: an update resets those that it omits.
struct ScheduleFields {
    expression: String,
    zone: &'static str,
    window: FlexibleTimeWindow,
    after: ActionAfterCompletion,
    state: ScheduleState,
    target: Target,
}

fn fields<C: Call>(schedule: &Schedule) -> Result<ScheduleFields, ApiError> {
    let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off);
    let retries = RetryPolicy::builder()
        .maximum_event_age_in_seconds(RETRY_SECONDS)
        .maximum_retry_attempts(RETRIES);
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
        let fields = fields::<CreateSchedule>(&call.0)?;
        self.scheduler
            .create_schedule()
            .name(call.0.name)
            .schedule_expression(fields.expression)
            .schedule_expression_timezone(fields.zone)
            .flexible_time_window(fields.window)
            .action_after_completion(fields.after)
            .state(fields.state)
            .target(fields.target)
            .send()
            .await
            .map_err(|error| exists(from_sdk::<CreateSchedule, _>(error)))?;
        Ok(())
    }
}

impl Serve<UpdateSchedule> for Sdk {
    async fn serve(&self, call: UpdateSchedule) -> Result<(), ApiError> {
        let fields = fields::<UpdateSchedule>(&call.0)?;
        self.scheduler
            .update_schedule()
            .name(call.0.name)
            .schedule_expression(fields.expression)
            .schedule_expression_timezone(fields.zone)
            .flexible_time_window(fields.window)
            .action_after_completion(fields.after)
            .state(fields.state)
            .target(fields.target)
            .send()
            .await
            .map_err(from_sdk::<UpdateSchedule, _>)?;
        Ok(())
    }
}

/// When creating, `ConflictException` means that the name exists.
fn exists(error: ApiError) -> ApiError {
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
            .map_err(from_sdk::<GetSchedule, _>);
        match reply {
            Ok(theirs) => Ok(ours(name, theirs)),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// `None` if somebody disabled the schedule or changed its time zone: it does not fire at its time.
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

serve_empty!(DeleteSchedule, Kind::NotFound, |sdk, call| sdk
    .scheduler
    .delete_schedule()
    .name(call.name));

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
            .map_err(from_sdk::<ListSchedules, _>)?;
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
    fn a_schedule_that_does_not_fire_at_its_time_is_none() {
        let target = Target::builder().arn("a").role_arn("r").build().unwrap();
        let theirs = GetScheduleOutput::builder()
            .schedule_expression("at(2026-01-02T03:04:05)")
            .target(target);
        let valid = |theirs: GetScheduleOutput| ours("s".to_owned(), theirs).is_some();
        assert!(valid(theirs.clone().build()));
        let on = theirs.clone().state(ScheduleState::Enabled);
        assert!(valid(on.schedule_expression_timezone(ZONE).build()));
        let off = theirs.clone().state(ScheduleState::Disabled);
        assert!(!valid(off.build()));
        let other_zone = theirs.schedule_expression_timezone("Asia/Seoul");
        assert!(!valid(other_zone.build()));
    }

    #[test]
    fn a_time_is_written_without_a_zone_and_parsed_back() {
        let at = DateTime::from_timestamp(1_767_323_045, 0).unwrap();
        let expression = at.format(AT).to_string();
        assert_eq!(expression, "at(2026-01-02T03:04:05)");
        assert_eq!(time(&expression), Some(at));
        assert_eq!(time("rate(5 minutes)"), None);
        assert_eq!(time("at(2026-01-02T03:04:05Z)"), None);
    }
}
