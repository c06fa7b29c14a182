//! Reads an event log as a stream, in any pieces, within bounded memory.

use super::driver::Jobs;
use super::event::{ApplicationStart, Ending, Environment, Event, TaskEnd, TaskMetrics};
use super::executors::Tracked;
use super::figures::{Application, Settings, Totals};
use super::instant;
use super::stages::Stages;
use crate::model::event_log::STEP;
use crate::model::shown::line;
use std::borrow::Cow;

/// The longest line that is read: 64 MB. Longer ones, such as the plans of huge queries, are passed
/// over.
const MAX_LINE: usize = 64 << 20;

/// The most characters of an id or a setting.
const MAX_TEXT: usize = 200;

/// Reads the log of one application.
#[derive(Debug, Default)]
pub struct LogReader {
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    /// Whether that line is too long to be read.
    too_long: bool,
    app: Application,
    started: Option<i64>,
    ended: Option<i64>,
    /// The latest time of any event.
    last: Option<i64>,
    jobs: Jobs,
    stages: Stages,
    executors: Tracked,
    /// Whether any line was an event.
    any: bool,
}

impl LogReader {
    /// Reads the next bytes of the log. They may begin and end anywhere.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = bytes.split_at(end);
            bytes = &tail[1..];
            if self.rest.is_empty() && !self.too_long {
                self.line(head);
            } else {
                self.keep(head);
                self.end_line();
            }
        }
        self.keep(bytes);
    }

    /// Ends one of the files that the log consists of. A line that is cut off there is passed over.
    pub fn end_of_part(&mut self) {
        let line = std::mem::take(&mut self.rest);
        // The writer may have been killed within the line.
        if !std::mem::take(&mut self.too_long)
            && let Some(event) = Event::read(&line)
        {
            self.event(event);
        }
    }

    /// The figures; `None` if the log has no event.
    pub fn finish(mut self) -> Option<Application> {
        self.end_of_part();
        if !self.any {
            return None;
        }
        let end = self.ended.or(self.last);
        let mut app = self.app;
        app.complete = self.ended.is_some();
        app.started_at = self.started.and_then(instant);
        app.ended_at = end.and_then(instant);
        let end = end.unwrap_or(0);
        app.executors = self.executors.figures(end, app.settings.task_cores);
        app.memory = self.executors.memory();
        app.driver = self.jobs.finish(end);
        app.stages = self.stages.finish();
        Some(app)
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.too_long |= self.rest.len() + bytes.len() > MAX_LINE;
        if self.too_long {
            self.rest = Vec::new();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.too_long) {
            self.app.broken_lines += 1;
            return;
        }
        let mut line = std::mem::take(&mut self.rest);
        self.line(&line);
        // Its room is used again.
        line.clear();
        self.rest = line;
    }

    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match Event::read(line) {
            Some(event) => self.event(event),
            None => self.app.broken_lines += 1,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        self.any = true;
        match event {
            Event::LogStart(start) => self.app.spark = start.version.map(text),
            Event::Environment(environment) => self.app.settings = settings(&environment),
            Event::ApplicationStart(start) => self.begin(start),
            Event::ApplicationEnd(end) => {
                self.ended = Some(end.at);
                self.at(end.at);
            }
            Event::ExecutorAdded(added) => {
                self.at(added.at);
                self.executors.added(&added);
            }
            Event::ExecutorRemoved(removed) => {
                self.at(removed.at);
                self.executors.removed(&removed);
            }
            Event::JobStart(start) => {
                start.at.into_iter().for_each(|at| self.at(at));
                self.jobs.started(start);
            }
            Event::JobEnd(end) => {
                end.at.into_iter().for_each(|at| self.at(at));
                self.jobs.ended(&end);
            }
            Event::StageSubmitted(of) => of.stage.submitted.into_iter().for_each(|at| self.at(at)),
            Event::StageCompleted(of) => {
                of.stage.completed.into_iter().for_each(|at| self.at(at));
                self.stages.ended(&of.stage);
            }
            Event::StageMetrics(of) => self.executors.sampled(&of.executor, of.peak),
            Event::MetricsUpdate(of) => {
                for update in of.updates {
                    self.executors.sampled(&of.executor, update.peak);
                }
            }
            Event::TaskEnd(task) => self.task(&task),
            Event::Other => {}
        }
    }

    fn begin(&mut self, start: ApplicationStart<'_>) {
        self.app.id = start.id.map(text);
        self.app.attempt = start.attempt.map(text);
        self.started = Some(start.at);
        self.at(start.at);
        self.jobs.begin(start.at);
    }

    fn task(&mut self, task: &TaskEnd<'_>) {
        self.at(task.info.finished);
        let busy = task.info.finished.saturating_sub(task.info.launched);
        let busy = u64::try_from(busy).unwrap_or(0);
        let executor = &task.info.executor;
        self.executors.task(executor, busy);
        self.executors.sampled(executor, task.peak);
        let ending = task.end.ending();
        let totals = &mut self.app.totals;
        totals.tasks += 1;
        totals.failed_tasks += u64::from(!matches!(ending, Ending::Well | Ending::Killed));
        if let Some(metrics) = &task.metrics {
            totals.add(metrics);
        }
        self.stages.task(task, ending, busy);
    }

    fn at(&mut self, at: i64) {
        self.last = self.last.max(Some(at));
    }
}

impl Totals {
    fn add(&mut self, of: &TaskMetrics) {
        for (sum, more) in [
            (&mut self.run_ms, of.run),
            (&mut self.gc_ms, of.gc),
            (&mut self.memory_spilled, of.memory_spilled),
            (&mut self.disk_spilled, of.disk_spilled),
            (&mut self.input, of.input.bytes),
            (&mut self.output, of.output.bytes),
            (&mut self.shuffle_read, of.shuffle_read.bytes()),
            (&mut self.shuffle_write, of.shuffle_write.bytes),
        ] {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or(0).saturating_add(more));
            }
        }
    }
}

fn text(text: Cow<'_, str>) -> String {
    line(&text, MAX_TEXT)
}

fn settings(environment: &Environment<'_>) -> Settings {
    let get = |key: &str| environment.properties.get(key).map(Cow::as_ref);
    let is_on = |key: &str| get(key).is_some_and(|value| value == "true");
    let number = |key: &str| get(key)?.parse().ok();
    Settings {
        master: get("spark.master").map(|master| line(master, MAX_TEXT)),
        executor_memory: get("spark.executor.memory").and_then(|size| size.parse().ok()),
        executors: number("spark.executor.instances")
            .filter(|_| !is_on("spark.dynamicAllocation.enabled")),
        driver_memory: get("spark.driver.memory").and_then(|size| size.parse().ok()),
        task_cores: number("spark.task.cpus").unwrap_or(1),
        step: get(STEP).map(|step| line(step, MAX_TEXT)),
    }
}
