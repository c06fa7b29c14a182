//! Why a cluster ended if clusterup has no record of it: EMR's state change reason and the time at
//! which the end began are compared with the guardrails.

use super::sweep::earliest_hard;
use super::terms::Terms;
use super::verdict::Deadline;
use crate::model::observed::{End, EndReason, Step, StepState};
use crate::model::stack::WhenDone;
use chrono::{DateTime, Utc};

/// What EMR reports about an end, and the safeguards that could have ended the cluster.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// The code of `StateChangeReason` (EMR API, `ClusterStateChangeReason`), if EMR gives one.
    pub code: Option<&'a str>,
    /// The message of `StateChangeReason`, if EMR gives one.
    pub message: Option<&'a str>,
    /// When the end began, as far as it is known; see [`began_at`].
    pub began_at: DateTime<Utc>,
    /// Whether the cluster is `TERMINATED_WITH_ERRORS`.
    pub with_errors: bool,
    /// What the stack wants once the job is done.
    pub when_done: WhenDone,
    /// The steps of the cluster.
    pub steps: &'a [Step],
    /// What its hard deadline depends on, with instance spans as if it had not ended.
    pub terms: &'a Terms,
    /// Its hard deadline, to which its safeguards were last moved.
    pub deadline: Deadline,
    /// From when on its schedule may have requested the end from EMR.
    pub schedule_at: DateTime<Utc>,
    /// When its primary powers itself off, if that is set up.
    pub power_off_at: Option<DateTime<Utc>>,
}

/// When the end of a cluster began. EMR reports only when it was over, which is up to twenty
/// minutes later; but a step that was running was interrupted at that instant. `over_at` is when
/// the cluster was over, or now if it is still ending.
pub fn began_at(steps: &[Step], over_at: DateTime<Utc>) -> DateTime<Utc> {
    let cut = steps.iter().filter(|it| it.state == StepState::Interrupted);
    let cut = cut.filter_map(|step| step.ended_at).max();
    cut.map_or(over_at, |at| at.min(over_at))
}

impl Ended<'_> {
    /// The cause of the end. If a safeguard may have ended the cluster at or after its instant, the
    /// deadline is the cause: the safeguard acts first, even if somebody else requests the end
    /// then.
    pub fn cause(&self) -> End {
        let end = |reason, message: &str| End {
            reason,
            message: message.into(),
        };
        let deadline = self.deadline;
        let scheduled = self.began_at >= self.schedule_at;
        let powered_off = self
            .power_off_at
            .map_or(deadline.at, |at| at.min(deadline.at));
        let powered_off = self.began_at >= powered_off;
        if self.is_of_the_idle_policy() {
            return end(EndReason::IdleTimeout, "EMR found it idle");
        }
        match self.code.filter(|code| !code.is_empty()) {
            Some("ALL_STEPS_COMPLETED") => {
                end(EndReason::StepsCompleted, "all steps are completed")
            }
            Some("STEP_FAILURE") => end(EndReason::StepFailed, "a step failed"),
            Some("USER_REQUEST") if scheduled => self.by(deadline, "its schedule ended it"),
            Some("USER_REQUEST") => end(
                EndReason::Request,
                "ended by a user's request, outside clusterup",
            ),
            // A primary that is powered off is a lost instance; EMR documents no code for it.
            Some("INSTANCE_FAILURE" | "INTERNAL_ERROR") if powered_off => {
                self.by(deadline, "its primary powered off")
            }
            Some(code) => {
                let text = self.text().map(|text| format!("{code}: {text}"));
                end(EndReason::Failure, text.as_deref().unwrap_or(code))
            }
            None if scheduled => self.by(deadline, "EMR does not report what ended it"),
            None if self.with_errors => end(EndReason::Failure, "EMR does not report why"),
            None => end(EndReason::Request, "EMR does not report why"),
        }
    }

    /// The end by the guardrail that set the deadline, with its evidence.
    fn by(&self, deadline: Deadline, how: &str) -> End {
        let (dearest, mut evidence) = earliest_hard(deadline.at, self.terms);
        if dearest.at != deadline.at {
            let until = deadline.at.format("%H:%M:%S UTC");
            evidence = format!("{} allowed it until {until}", deadline.cause);
        }
        End {
            reason: deadline.cause.reason(),
            message: format!("{evidence}; {how}").into(),
        }
    }

    fn text(&self) -> Option<&str> {
        self.message.filter(|message| !message.is_empty())
    }

    /// EMR documents neither code nor message for its auto-termination policy. It ends only
    /// clusters that do not end with their work, or that it considered idle while a step ran.
    fn is_of_the_idle_policy(&self) -> bool {
        let text = self.text().unwrap_or_default().to_ascii_lowercase();
        let named = ["auto-termination", "auto termination", "autotermination"];
        if named.iter().any(|name| text.contains(name)) {
            return true;
        }
        let at_work = |step: &Step| step.state == StepState::Interrupted;
        self.code == Some("ALL_STEPS_COMPLETED")
            && (self.when_done == WhenDone::Keep || self.steps.iter().any(at_work))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, cluster, step};
    use super::*;
    use crate::model::span::Span;
    use EndReason::{
        Budget, Failure, IdleTimeout, Lease, MaxLifetime, OffHours, Request, StepFailed,
        StepsCompleted,
    };
    use StepState::{Cancelled, Completed, Failed, Interrupted};
    use WhenDone::{Keep, Terminate};

    /// A cluster with a deadline at 600 s: its schedule requests the end at 540 s, its primary
    /// powers off at 900 s. Each row has the code, message, when the end began, `when_done`, the
    /// last step, and the cause.
    type Row = (
        &'static str,
        &'static str,
        i64,
        WhenDone,
        Option<StepState>,
        EndReason,
    );

    const USER: &str = "Terminated by user request";
    const GONE: &str = "The master node was terminated.";
    const IDLE: &str = "Terminated by auto-termination policy";
    const DONE: &str = "Steps completed";

    const ROWS: &[Row] = &[
        // Somebody ends it, and its schedule does.
        ("USER_REQUEST", USER, 100, Keep, None, Request),
        (
            "USER_REQUEST",
            USER,
            100,
            Terminate,
            Some(Interrupted),
            Request,
        ),
        ("USER_REQUEST", "", 539, Keep, Some(Completed), Request),
        ("USER_REQUEST", USER, 540, Keep, None, MaxLifetime),
        (
            "USER_REQUEST",
            USER,
            599,
            Terminate,
            Some(Interrupted),
            MaxLifetime,
        ),
        (
            "USER_REQUEST",
            USER,
            600,
            Keep,
            Some(Completed),
            MaxLifetime,
        ),
        (
            "USER_REQUEST",
            "",
            4_000,
            Terminate,
            Some(Cancelled),
            MaxLifetime,
        ),
        // Its primary is lost, and powers itself off.
        ("INSTANCE_FAILURE", GONE, 100, Keep, None, Failure),
        (
            "INSTANCE_FAILURE",
            GONE,
            599,
            Terminate,
            Some(Interrupted),
            Failure,
        ),
        ("INSTANCE_FAILURE", GONE, 600, Keep, None, MaxLifetime),
        ("INSTANCE_FAILURE", GONE, 700, Keep, None, MaxLifetime),
        ("INSTANCE_FAILURE", GONE, 900, Keep, None, MaxLifetime),
        (
            "INSTANCE_FAILURE",
            "",
            901,
            Terminate,
            Some(Interrupted),
            MaxLifetime,
        ),
        ("INTERNAL_ERROR", "", 599, Keep, None, Failure),
        (
            "INTERNAL_ERROR",
            GONE,
            905,
            Terminate,
            Some(Failed),
            MaxLifetime,
        ),
        // EMR finds it idle, with whatever code.
        (
            "ALL_STEPS_COMPLETED",
            IDLE,
            300,
            Keep,
            Some(Completed),
            IdleTimeout,
        ),
        ("ALL_STEPS_COMPLETED", "", 300, Keep, None, IdleTimeout),
        (
            "ALL_STEPS_COMPLETED",
            "",
            300,
            Terminate,
            Some(Interrupted),
            IdleTimeout,
        ),
        (
            "USER_REQUEST",
            IDLE,
            300,
            Terminate,
            Some(Interrupted),
            IdleTimeout,
        ),
        (
            "USER_REQUEST",
            "Auto-Termination policy",
            700,
            Keep,
            None,
            IdleTimeout,
        ),
        // With its last step.
        (
            "ALL_STEPS_COMPLETED",
            DONE,
            300,
            Terminate,
            Some(Completed),
            StepsCompleted,
        ),
        (
            "ALL_STEPS_COMPLETED",
            DONE,
            700,
            Terminate,
            Some(Completed),
            StepsCompleted,
        ),
        (
            "ALL_STEPS_COMPLETED",
            "",
            300,
            Terminate,
            Some(Failed),
            StepsCompleted,
        ),
        (
            "ALL_STEPS_COMPLETED",
            "",
            300,
            Terminate,
            None,
            StepsCompleted,
        ),
        (
            "STEP_FAILURE",
            "Shut down as step failed",
            300,
            Terminate,
            Some(Failed),
            StepFailed,
        ),
        ("STEP_FAILURE", "", 700, Keep, Some(Failed), StepFailed),
        // It does not come up, before its deadline and after it.
        ("VALIDATION_ERROR", "Invalid key", 50, Keep, None, Failure),
        (
            "VALIDATION_ERROR",
            "Invalid key",
            700,
            Terminate,
            None,
            Failure,
        ),
        (
            "BOOTSTRAP_FAILURE",
            "non-zero",
            50,
            Terminate,
            Some(Cancelled),
            Failure,
        ),
        ("BOOTSTRAP_FAILURE", "non-zero", 950, Keep, None, Failure),
        ("INSTANCE_FLEET_TIMEOUT", "", 50, Keep, None, Failure),
        ("INSTANCE_FLEET_TIMEOUT", "", 950, Terminate, None, Failure),
        // No reason, and one that EMR has not given so far.
        ("", "", 100, Keep, None, Request),
        ("", "", 600, Terminate, Some(Interrupted), MaxLifetime),
        ("METEOR", "", 100, Keep, None, Failure),
        ("METEOR", "it fell", 950, Keep, None, Failure),
    ];

    fn cause(terms: &Terms, row: &Row) -> End {
        let (code, message, began, when_done, last, _) = *row;
        let last = last.map(|state| step(state, Some(20), Some(began)));
        let steps: Vec<Step> = last.into_iter().collect();
        let deadline = terms.deadline().at;
        let ended = Ended {
            code: Some(code).filter(|code| !code.is_empty()),
            message: Some(message),
            began_at: began_at(&steps, at(began)),
            with_errors: false,
            when_done,
            steps: &steps,
            terms,
            deadline: terms.deadline(),
            schedule_at: deadline - chrono::TimeDelta::seconds(60),
            power_off_at: Some(deadline + chrono::TimeDelta::seconds(300)),
        };
        ended.cause()
    }

    #[test]
    fn each_way_to_end_has_its_cause() {
        let terms = Terms::of(&cluster(Some(10)));
        assert!(ROWS.len() >= 24);
        for row in ROWS {
            let End { reason, message } = cause(&terms, row);
            let message = message.as_str();
            assert_eq!(reason, row.5, "{row:?}: {message}");
            assert!(!message.is_empty() && !message.ends_with(": "), "{row:?}");
        }
    }

    #[test]
    fn the_cause_is_the_guardrail_that_set_the_deadline() {
        let mut cluster = cluster(Some(10));
        let row = |began| ("USER_REQUEST", USER, began, Keep, None, Request);
        let of = |cluster: &_, began| cause(&Terms::of(cluster), &row(began));
        let lifetime = of(&cluster, 600);
        assert_eq!(
            lifetime.message,
            "alive since 04:00:00 UTC (max_lifetime: 10m); its schedule ended it"
        );
        cluster.spec.guardrails.lease = Some(Span::from_secs(400));
        assert_eq!(of(&cluster, 339).reason, Request);
        assert_eq!(of(&cluster, 340).reason, Lease);
        cluster.renewed_at = Some(at(100));
        assert_eq!(of(&cluster, 340).reason, Request);
        cluster.spec.guardrails.off_hours = vec![crate::model::hours::OffHours {
            timezone: "Asia/Seoul".parse().unwrap(),
            terminate: "Sat 13:05-14:00".parse().unwrap(),
        }];
        assert_eq!(of(&cluster, 300).reason, OffHours);
        cluster.spec.guardrails.budget = Some("$0.01".parse().unwrap());
        let End { reason, message } = of(&cluster, 119);
        let message = message.as_str();
        assert_eq!(reason, Budget);
        assert!(
            message.starts_with("$0.008 spent by 04:01:59 UTC"),
            "{message}"
        );
        let off = ("INSTANCE_FAILURE", GONE, 420, Keep, None, Budget);
        let off = cause(&Terms::of(&cluster), &off);
        assert!(
            off.message.as_str().ends_with("; its primary powered off"),
            "{off:?}"
        );
        assert_eq!(off.reason, Budget);
    }

    #[test]
    fn an_end_began_when_it_cut_a_step_off() {
        let steps = [
            step(Completed, Some(1), Some(50)),
            step(Interrupted, Some(60), Some(100)),
            step(Cancelled, None, None),
        ];
        assert_eq!(began_at(&steps, at(900)), at(100));
        assert_eq!(began_at(&steps[..1], at(900)), at(900));
        assert_eq!(began_at(&steps, at(90)), at(90));
        assert_eq!(
            began_at(&[step(Interrupted, Some(60), None)], at(90)),
            at(90)
        );
    }
}
