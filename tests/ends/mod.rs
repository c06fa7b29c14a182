//! Every way for a cluster to end, with every reason that EMR gives. The simulation and the double
//! of AWS share the table.

/// How it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// Somebody, or EMR, ends it long before its deadline: EMR's code and message.
    Early(&'static str, &'static str),
    /// The same within the minute of its schedule, before that has fired.
    Due(&'static str, &'static str),
    /// The same after its deadline, with no schedule and before its primary powers off.
    Past(&'static str, &'static str),
    /// The same, long before its deadline, with an end of ours on record.
    OnRecord(&'static str, &'static str),
    /// Its schedule ends it.
    Schedule,
    /// It has no schedule, and its primary powers off.
    PowerOff,
    /// EMR ends it: its policy, or with its work.
    Itself,
}

/// What its step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Endless,
    Done,
    Fails,
}

/// One way, and what is to be said of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) way: Way,
    /// `when_done: keep`.
    pub(crate) keep: bool,
    pub(crate) work: Work,
    /// Whether its budget is over before its lifetime.
    pub(crate) poor: bool,
    /// The end's reason in JSON.
    pub(crate) reason: &'static str,
    /// What its words hold.
    pub(crate) says: &'static str,
    /// The exit code of the `apply` that follows it.
    pub(crate) exit: i32,
}

pub(crate) const USER: &str = "Terminated by user request";
const GONE: &str = "The master node was terminated.";
const IDLE: &str = "Terminated by auto-termination policy";
/// What our own tag says.
pub(crate) const RECORD: &str = "lease: followed by nobody";

const BY_USER: &str = "ended by a user's request, outside clusterup";
const LIFE: &str = "(max_lifetime: 2h); its schedule ended it";
const OFF: &str = "(max_lifetime: 2h); its primary powered off";
const POOR: &str = "(budget: $1.00); its schedule ended it";

const KEEP: Row = Row {
    way: Way::Schedule,
    keep: true,
    work: Work::Endless,
    poor: false,
    reason: "max_lifetime",
    says: LIFE,
    exit: 5,
};
const END: Row = Row {
    keep: false,
    ..KEEP
};

const fn as_(row: Row, way: Way, reason: &'static str, says: &'static str, exit: i32) -> Row {
    Row {
        way,
        reason,
        says,
        exit,
        ..row
    }
}

const fn poor(row: Row) -> Row {
    Row { poor: true, ..row }
}

const fn works(work: Work, row: Row) -> Row {
    Row { work, ..row }
}

use Way::{Due, Early, Itself, OnRecord, Past, PowerOff, Schedule};

pub(crate) const ROWS: &[Row] = &[
    // Somebody, and its schedule.
    as_(KEEP, Early("USER_REQUEST", USER), "request", BY_USER, 1),
    as_(END, Early("USER_REQUEST", USER), "request", BY_USER, 1),
    as_(KEEP, Early("USER_REQUEST", ""), "request", BY_USER, 1),
    as_(
        poor(END),
        Early("USER_REQUEST", USER),
        "request",
        BY_USER,
        1,
    ),
    as_(KEEP, Due("USER_REQUEST", USER), "max_lifetime", LIFE, 5),
    as_(END, Due("USER_REQUEST", ""), "max_lifetime", LIFE, 5),
    as_(poor(KEEP), Due("USER_REQUEST", USER), "budget", POOR, 5),
    as_(KEEP, Schedule, "max_lifetime", LIFE, 5),
    as_(END, Schedule, "max_lifetime", LIFE, 5),
    as_(poor(END), Schedule, "budget", POOR, 5),
    as_(
        KEEP,
        OnRecord("USER_REQUEST", USER),
        "lease",
        "followed by nobody",
        5,
    ),
    // Its primary.
    as_(KEEP, Early("INSTANCE_FAILURE", GONE), "failure", GONE, 1),
    as_(
        END,
        Early("INTERNAL_ERROR", ""),
        "failure",
        "INTERNAL_ERROR",
        1,
    ),
    as_(KEEP, PowerOff, "max_lifetime", OFF, 5),
    as_(END, PowerOff, "max_lifetime", OFF, 5),
    as_(poor(KEEP), PowerOff, "budget", "its primary powered off", 5),
    as_(KEEP, Past("INTERNAL_ERROR", ""), "max_lifetime", OFF, 5),
    as_(END, Past("INSTANCE_FAILURE", GONE), "max_lifetime", OFF, 5),
    as_(END, Past("USER_REQUEST", USER), "max_lifetime", LIFE, 5),
    // EMR's policy, and its last step.
    as_(
        KEEP,
        Early("ALL_STEPS_COMPLETED", IDLE),
        "idle_timeout",
        "idle",
        5,
    ),
    as_(
        END,
        Early("ALL_STEPS_COMPLETED", ""),
        "idle_timeout",
        "idle",
        5,
    ),
    as_(END, Early("USER_REQUEST", IDLE), "idle_timeout", "idle", 5),
    works(Work::Done, as_(KEEP, Itself, "idle_timeout", "idle", 0)),
    works(
        Work::Done,
        as_(END, Itself, "steps_completed", "all steps are completed", 0),
    ),
    works(
        Work::Fails,
        as_(END, Itself, "step_failed", "a step failed", 4),
    ),
    // It breaks.
    as_(
        KEEP,
        Early("VALIDATION_ERROR", "bad key"),
        "failure",
        "bad key",
        1,
    ),
    as_(
        END,
        Due("VALIDATION_ERROR", ""),
        "failure",
        "VALIDATION_ERROR",
        1,
    ),
    as_(
        END,
        Early("BOOTSTRAP_FAILURE", "exit 1"),
        "failure",
        "exit 1",
        1,
    ),
    as_(
        KEEP,
        Past("BOOTSTRAP_FAILURE", "exit 1"),
        "failure",
        "exit 1",
        1,
    ),
    as_(
        KEEP,
        Early("INSTANCE_FLEET_TIMEOUT", ""),
        "failure",
        "FLEET_TIMEOUT",
        1,
    ),
    // EMR gives no reason, or one that is new.
    as_(KEEP, Early("", ""), "request", "EMR does not report why", 1),
    as_(
        KEEP,
        Due("", ""),
        "max_lifetime",
        "EMR does not report what ended it",
        5,
    ),
    as_(
        END,
        Due("METEOR", "it fell"),
        "failure",
        "METEOR: it fell",
        1,
    ),
];
