//! Progress on standard error: bars and a screen on a terminal, in a pipe a line for each change, with
//! its time, and now and then one for what goes on.

use super::live;
use super::live_log::LiveLog;
use super::words;
use crate::app::reporter::{Progress, Reporter};
use crate::cli::stderr;
use crate::model::clock::Clock;
use crate::model::event::{Event, Listener};
use crate::model::job_now::JobNow;
use crate::model::observed::{ClusterState, StepState};
use crate::run::clock::SystemClock;
use chrono::TimeDelta;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// In a pipe, an activity is reported once it has taken this long.
const FIRST_REPORT_AFTER: Duration = Duration::from_secs(2);
/// It is reported again after this time, and then each time after twice as long.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);
/// The longest time between two reports.
const MAX_REPORT_INTERVAL: Duration = Duration::from_secs(300);

pub(in crate::cli) struct Bars<'a> {
    reporter: &'a dyn Reporter,
    stderr_is_terminal: bool,
    now: RefCell<Option<Activity>>,
    /// The Spark UI that was reported last.
    ui: RefCell<Option<String>>,
    /// The job that is on the screen.
    job: RefCell<Option<JobNow>>,
    log: RefCell<LiveLog>,
}

/// What an activity counts.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Bytes,
    Things,
}

/// The current activity.
struct Activity {
    what: String,
    bar: ProgressBar,
    /// For a pipe: when it began, when it was reported last, and how long to wait before the next
    /// report.
    began_at: Instant,
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
            job: RefCell::new(None),
            log: RefCell::default(),
        }
    }

    fn say(&self, text: &str) {
        self.finish_activity();
        if self.stderr_is_terminal {
            self.reporter.say(text);
        } else {
            let at = SystemClock.now().format("%TZ");
            self.reporter.say(&format!("{at} {text}"));
        }
    }

    fn finish_activity(&self) {
        if let Some(activity) = self.now.borrow_mut().take() {
            activity.bar.finish_and_clear();
        }
    }

    fn advance(&self, what: &str, (done, total): (u64, u64), unit: Unit) {
        self.leave_screen();
        let report = {
            let mut now = self.now.borrow_mut();
            let new = now.as_ref().is_none_or(|activity| activity.what != what);
            if new {
                if let Some(old) = now.take() {
                    old.bar.finish_and_clear();
                }
                *now = Some(Activity::new(what, total, unit, self.stderr_is_terminal));
            }
            let Some(activity) = now.as_mut() else { return };
            activity.bar.set_length(total);
            activity.bar.set_position(done);
            activity.report(done, total)
        };
        if !self.stderr_is_terminal
            && let Some(report) = report
        {
            let at = SystemClock.now().format("%TZ");
            self.reporter.say(&format!("{at}   {report}"));
        }
    }

    fn job(&self, now: &JobNow) {
        let ui = now
            .running
            .as_ref()
            .and_then(|step| Some((step, step.ui.as_ref()?)));
        if let Some((step, ui)) = ui
            && self.ui.borrow().as_ref() != Some(ui)
        {
            *self.ui.borrow_mut() = Some(ui.clone());
            self.say(&format!("Spark UI of step {}: {ui}", step.name));
        }
        if self.stderr_is_terminal {
            self.finish_activity();
            *self.job.borrow_mut() = Some(now.clone());
            self.tick();
            return;
        }
        let lines = self.log.borrow_mut().lines(now);
        for line in lines {
            self.say(&line);
        }
    }

    fn leave_screen(&self) {
        if self.job.borrow_mut().take().is_some() {
            stderr::erase();
        }
    }
}

impl Activity {
    fn new(what: &str, total: u64, unit: Unit, terminal: bool) -> Self {
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = match (total, unit) {
            (0, _) => "  {spinner} {prefix} {elapsed}",
            (_, Unit::Bytes) => "  {prefix} [{bar:24}] {bytes}/{total_bytes} {elapsed}",
            (_, Unit::Things) => "  {prefix} [{bar:24}] {pos}/{len} {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what.to_owned());
        if terminal {
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        let now = Instant::now();
        Self {
            what: what.to_owned(),
            bar,
            began_at: now,
            reported_at: now,
            interval: FIRST_REPORT_AFTER,
        }
    }

    /// The line of a pipe, when one is due.
    fn report(&mut self, done: u64, total: u64) -> Option<String> {
        if self.reported_at.elapsed() < self.interval {
            return None;
        }
        self.reported_at = Instant::now();
        self.interval = (self.interval * 2).clamp(REPORT_INTERVAL, MAX_REPORT_INTERVAL);
        let share = (done * 100).checked_div(total);
        let share = share.map_or(String::new(), |share| format!(" {share}%"));
        let took = TimeDelta::from_std(self.began_at.elapsed()).unwrap_or_default();
        let what = &self.what;
        Some(format!("{what}{share}, for {}", words::long(took)))
    }
}

/// Shows only the warnings of an operation.
pub(in crate::cli) struct Quiet<'a>(pub(in crate::cli) Bars<'a>);

impl Progress for Quiet<'_> {
    fn clear(&self) {}

    fn tick(&self) {}
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
        self.finish_activity();
        self.leave_screen();
    }

    fn tick(&self) {
        let job = self.job.borrow();
        if let Some(now) = job.as_ref() {
            let (width, height) = stderr::size();
            let mut lines = live::lines(now, SystemClock.now(), width.saturating_sub(1));
            // A line that has left the terminal at its top cannot be drawn again.
            lines.truncate(height.saturating_sub(1).max(1));
            stderr::draw(lines);
        }
    }
}

impl Listener for Bars<'_> {
    fn on_event(&self, event: &Event) {
        match event {
            Event::Progress { what, done, total } => {
                self.advance(what, (*done, *total), Unit::Bytes);
            }
            Event::Counted { what, done, total } => {
                self.advance(what, (*done, *total), Unit::Things);
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
            Event::Job { now } => self.job(now),
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
