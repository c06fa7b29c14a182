//! The clusters that `doctor --live` makes: one of one node for each end that has to be seen alone.

use crate::model::name::Region;
use crate::model::span::Span;
use serde_json::json;
use std::fmt;

/// What a cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Runs a job and is ended by EMR's idle policy.
    Job,
    /// Is ended by its schedule, at a deadline that was moved.
    Schedule,
    /// Is ended by the power-off of its primary: its schedule is deleted.
    PowerOff,
}

/// The type of all nodes: the smallest general one that EMR documents for all releases.
const SIZE: &str = "1 x m5.xlarge";

/// The stack whose lease keeps two runs apart. It has no resources.
pub(crate) const RUN: &str = "clusterup-live";

/// The name of the step that reports its arguments, and of its script.
pub(super) const ARGUMENTS: &str = "arguments";

/// The script of that step.
pub(super) const SCRIPT: &str = include_str!("arguments.sh");

/// The object that the script must not be able to write.
pub(super) const OUTSIDE: &str = "outside";

/// The name of the report in the job's `${scratch}`.
pub(super) const REPORT: &str = "report";

/// The step that is busy without YARN.
pub(super) const BUSY: &str = "busy";

/// The arguments that have to arrive: quotes, spaces, what shells expand, other letters, none at all.
pub(super) const SENT: [&str; 14] = [
    "two words",
    "\"quoted\"",
    "it's",
    "$HOME",
    "`id`",
    "a;b",
    "a|b>c&d",
    "*",
    "back\\slash",
    "käse ✓",
    "",
    "{{x}}",
    "--flag=a b",
    "#",
];

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Job, Self::Schedule, Self::PowerOff];

    /// The name of its stack.
    pub(crate) const fn stack(self) -> &'static str {
        match self {
            Self::Job => "clusterup-live-job",
            Self::Schedule => "clusterup-live-schedule",
            Self::PowerOff => "clusterup-live-power-off",
        }
    }

    /// Its guardrail `max_lifetime`, in minutes. EMR may take ten minutes to start a cluster.
    const fn minutes(self) -> u64 {
        match self {
            Self::Job => 45,
            Self::Schedule => 20,
            Self::PowerOff => 15,
        }
    }

    /// Its guardrail `idle_timeout`, in minutes. What does not end by a safeguard that fails here ends by
    /// EMR's idle policy.
    const fn idle_minutes(self) -> u64 {
        match self {
            Self::Job => 5,
            Self::Schedule | Self::PowerOff => self.minutes(),
        }
    }

    /// Its guardrail `budget`: together they are below a dollar, and each is enough for its time in the
    /// dearest regions.
    const fn budget(self) -> &'static str {
        match self {
            Self::Job => "$0.42",
            Self::Schedule => "$0.29",
            Self::PowerOff => "$0.28",
        }
    }

    /// The stack, in YAML.
    pub(super) fn yaml(self, region: &Region) -> String {
        // Their steps are longer than it takes to end them, so that they are not idle before.
        let sleep = |name: &str, minutes: u64| {
            let seconds = (minutes * 60).to_string();
            json!({ "name": name, "command": ["sleep", seconds] })
        };
        let steps = match self {
            Self::Job => {
                let report = format!("${{scratch}}/{REPORT}");
                let args = std::iter::once(report.as_str()).chain(SENT);
                let args: Vec<&str> = args.collect();
                let script = format!("{ARGUMENTS}.sh");
                let first = json!({
                    "name": ARGUMENTS, "shell": script, "args": args, "on_failure": "continue",
                });
                json!([first, sleep(BUSY, 8)])
            }
            Self::Schedule | Self::PowerOff => json!([sleep("wait", self.minutes())]),
        };
        let mut guardrails = json!({
            "idle_timeout": format!("{}m", self.idle_minutes()),
            "max_lifetime": format!("{}m", self.minutes()),
            "budget": self.budget(),
            "when_done": "keep",
        });
        if self == Self::Schedule {
            let to = Span::from_secs(self.minutes() * 60 + MOVED_BY.as_secs());
            guardrails["ceiling"] = json!({ "max_lifetime": to.to_string() });
        }
        // JSON is YAML.
        let stack = json!({
            "stack": self.stack(),
            "region": region,
            "cluster": { "release": "emr-7.x", "size": SIZE },
            "job": { "steps": steps },
            "guardrails": guardrails,
        });
        stack.to_string()
    }
}

/// By how much the deadline of [`Kind::Schedule`] is moved.
pub(super) const MOVED_BY: Span = Span::from_secs(5 * 60);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.stack())
    }
}
