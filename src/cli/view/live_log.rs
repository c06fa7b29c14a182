//! A job that is followed, in a pipe: a line now and then, more rarely the longer a step runs.

use super::live;
use crate::model::job_now::JobNow;
use crate::model::name::StepName;
use chrono::{DateTime, TimeDelta, Utc};

/// How long a step runs before its first line.
const FIRST: TimeDelta = TimeDelta::seconds(10);
/// The longest time between two lines of a step.
const MAX: TimeDelta = TimeDelta::minutes(5);

/// What was written of a job.
#[derive(Default)]
pub(in crate::cli) struct LiveLog {
    last: Option<Last>,
    /// The last line of the job's own output that was written.
    printed: Option<String>,
}

struct Last {
    /// What ran; `None` while the cluster started.
    step: Option<StepName>,
    at: DateTime<Utc>,
    wait: TimeDelta,
}

impl LiveLog {
    /// The lines to write for an observation; mostly none.
    pub(in crate::cli) fn lines(&mut self, now: &JobNow) -> Vec<String> {
        let step = now.running.as_ref().map(|step| step.name.clone());
        let begun = Last {
            step: step.clone(),
            at: now.at,
            wait: FIRST,
        };
        let last = self.last.get_or_insert(begun);
        if last.step != step {
            *last = Last {
                step,
                at: now.at,
                wait: FIRST,
            };
        }
        if now.at - last.at < last.wait {
            return Vec::new();
        }
        last.at = now.at;
        last.wait = (last.wait * 2).min(MAX);
        let mut lines = vec![live::change(now, now.at)];
        let printed = now.running.iter().flat_map(|step| live::printed(step, 1));
        for line in printed {
            if self.printed.as_ref() != Some(&line) {
                lines.push(line.clone());
                self.printed = Some(line);
            }
        }
        lines
    }
}
