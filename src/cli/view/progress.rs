//! Progress on standard error: bars on a terminal, occasional lines in a pipe.

use super::words;
use crate::app::reporter::{Progress, Reporter};
use crate::model::event::{Event, Listener, SparkProgress};
use crate::model::observed::{ClusterState, StepState};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// In a pipe, an activity is reported once it has taken this long.
const FIRST_REPORT_AFTER: Duration = Duration::from_secs(2);
/// In a pipe, it is reported again at this interval.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

pub(in crate::cli) struct Bars<'a> {
    reporter: &'a dyn Reporter,
    stderr_is_terminal: bool,
    now: RefCell<Option<Activity>>,
    /// The Spark UI that was reported last.
    ui: RefCell<Option<String>>,
}

/// The current activity.
struct Activity {
    what: String,
    bar: ProgressBar,
    /// For a pipe: when it was reported last, and how long to wait before the next report.
    reported_at: Instant,
    interval: Duration,
}

impl<'a> Bars<'a> {
    pub(in crate::cli) fn new(reporter: &'a dyn Reporter, stderr_is_terminal: bool) -> Self {
        Self {
            reporter,
            stderr_is_terminal,
            now: RefCell::new(None),
            ui: RefCell::new(None),
        }
    }

    fn say(&self, text: &str) {
        self.clear();
        self.reporter.say(text);
    }

    fn advance(&self, what: &str, done: u64, total: u64, detail: &str, style: Style) {
        let mut now = self.now.borrow_mut();
        let new = now.as_ref().is_none_or(|activity| activity.what != what);
        if new {
            if let Some(old) = now.take() {
                old.bar.finish_and_clear();
            }
            *now = Some(Activity::new(what, total, self.stderr_is_terminal, style));
        }
        let Some(activity) = now.as_mut() else { return };
        activity.bar.set_length(total);
        activity.bar.set_position(done);
        activity.bar.set_message(detail.to_owned());
        if !self.stderr_is_terminal && activity.reported_at.elapsed() >= activity.interval {
            activity.reported_at = Instant::now();
            activity.interval = REPORT_INTERVAL;
            let share = (done * 100)
                .checked_div(total)
                .map_or(String::new(), |s| format!(" {s}%"));
            self.reporter
                .say(format!("  {what}{share} {detail}").trim_end());
        }
    }

    fn spark(&self, name: &str, ui: &str, progress: SparkProgress) {
        let SparkProgress {
            stages_done,
            stages,
            tasks_done,
            tasks,
        } = progress;
        if self.ui.borrow().as_deref() != Some(ui) {
            *self.ui.borrow_mut() = Some(ui.to_owned());
            self.say(&format!("Spark UI of step {name}: {ui}"));
        }
        let detail = format!("{tasks_done}/{tasks} tasks, {stages_done}/{stages} stages");
        self.advance(name, tasks_done, tasks, &detail, Style::Count);
    }
}

#[derive(Clone, Copy)]
enum Style {
    Bytes,
    Count,
}

impl Activity {
    fn new(what: &str, total: u64, terminal: bool, style: Style) -> Self {
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = match (style, total) {
            (Style::Bytes, 0) => "  {spinner} {prefix} {elapsed}",
            (Style::Bytes, _) => "  {prefix} [{bar:24}] {bytes}/{total_bytes} {elapsed}",
            (Style::Count, _) => "  {prefix:.24} [{bar:16}] {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            what: what.to_owned(),
            bar,
            reported_at: Instant::now(),
            interval: FIRST_REPORT_AFTER,
        }
    }
}

/// Shows only the warnings of an operation.
pub(in crate::cli) struct Quiet<'a>(pub(in crate::cli) Bars<'a>);

impl Progress for Quiet<'_> {
    fn clear(&self) {}
}

impl Listener for Quiet<'_> {
    fn on_event(&self, event: &Event) {
        if matches!(event, Event::Warning { .. }) {
            self.0.on_event(event);
        }
    }
}

impl Progress for Bars<'_> {
    fn clear(&self) {
        if let Some(activity) = self.now.borrow_mut().take() {
            activity.bar.finish_and_clear();
        }
    }
}

impl Listener for Bars<'_> {
    fn on_event(&self, event: &Event) {
        match event {
            Event::Progress { what, done, total } => {
                self.advance(what, *done, *total, "", Style::Bytes);
            }
            Event::ActionStarted { action } => {
                let sign = words::sign(action.sign());
                self.say(&format!("  {sign} {}", words::action(action)));
            }
            Event::ActionDone { .. } => self.clear(),
            Event::Cluster { id, state, end } => {
                let why = end
                    .as_ref()
                    .map_or(String::new(), |end| format!(": {}", end.message));
                self.say(&format!("cluster {id} {}{why}", cluster_state(*state)));
            }
            // Why it failed is shown at the end, with what its logs say.
            Event::Step { name, state, .. } => {
                self.say(&format!("step {name} {}", step_state(*state)));
            }
            Event::Spark { name, ui, progress } => self.spark(name.as_str(), ui, *progress),
            // Who follows a job shows it with its fixes.
            Event::Stuck { .. } => self.clear(),
            Event::Warning { what, next } => {
                self.say(&format!("  ! {}", words::wrap(what, 4)));
                if let Some(next) = next {
                    self.reporter.say(&self.reporter.advice(next, 4));
                }
            }
            Event::Home { .. } => self.clear(),
            Event::Silent { .. } | Event::Retrying { .. } => {
                self.say(&words::waiting(event).unwrap_or_default());
            }
        }
    }
}

pub(super) const fn cluster_state(state: ClusterState) -> &'static str {
    match state {
        ClusterState::Starting => "is starting",
        ClusterState::Bootstrapping => "is bootstrapping",
        ClusterState::Running => "is running",
        ClusterState::Waiting => "is waiting for work",
        ClusterState::Terminating => "is terminating",
        ClusterState::Terminated => "has terminated",
        ClusterState::TerminatedWithErrors => "has terminated with errors",
    }
}

const fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Pending => "is pending",
        StepState::Running => "is running",
        StepState::Completed => "completed",
        StepState::Failed => "failed",
        StepState::Cancelled => "was cancelled",
        StepState::Interrupted => "was interrupted",
    }
}
