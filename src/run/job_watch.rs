//! Reads at each poll what a followed job does.

use crate::cloud::{Cloud, Uploaded};
use crate::model::address::without_password;
use crate::model::clock::Clock;
use crate::model::job_now::{JobNow, StepNow, UsualStart};
use crate::model::name::{JobHash, StepName};
use crate::model::observed::{Cluster, Step, StepState};
use crate::model::pace::StepPace;
use crate::model::span::Span;
use crate::progress::{Earlier, Tracker};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait between two readings of Spark's pages and of the output: they cost the time of
/// this machine's processors, which the job needs.
const READ_INTERVAL: Duration = Duration::from_secs(1);

/// How many lines of the output are reported.
const LINES: usize = 10;

/// How many lines of an uploaded output are kept.
const MAX_UPLOADED: usize = 200;

/// How long clusters of EMR take to start, roughly: only until the ledger has one of the stack.
const EMR_STARTS: UsualStart = UsualStart::OfEmr(Span::from_secs(360));

/// What is known of a job that is followed.
#[derive(Default)]
pub struct JobWatch {
    tracker: Tracker,
    /// When the running step was read last, and what it did.
    read: Option<(Instant, StepNow)>,
    uploaded: Option<UploadedOutput>,
    /// How fast its completed steps went.
    paces: BTreeMap<StepName, StepPace>,
}

/// What was uploaded of the output of a running step.
struct UploadedOutput {
    /// The step's number on its cluster, from 1.
    number: usize,
    /// When it was looked for last.
    read_at: Instant,
    /// When it was uploaded.
    at: Option<DateTime<Utc>>,
    /// Its last lines.
    lines: Vec<String>,
}

impl JobWatch {
    /// Nothing is known of the job yet but what earlier runs say.
    pub fn new(earlier: Earlier) -> Self {
        Self {
            tracker: Tracker::new(earlier),
            ..Self::default()
        }
    }

    /// Reads what the job does now.
    pub async fn observe(
        &mut self,
        cloud: &dyn Cloud,
        clock: &dyn Clock,
        cluster: &Cluster,
        job: &JobHash,
    ) -> JobNow {
        let mut steps = cluster.steps_of(job);
        let running = match steps.find(|step| step.state == StepState::Running) {
            Some(step) => Some(self.step(cloud, clock, cluster, step).await),
            None => None,
        };
        let at = clock.now();
        let is_free = cloud.aws().is_none();
        let usual = if is_free {
            UsualStart::Soon
        } else {
            EMR_STARTS
        };
        JobNow {
            at,
            cluster: cluster.clone(),
            job: job.clone(),
            is_free,
            running,
            usual_start: self.tracker.usual_start(usual),
            left: self.tracker.left(cluster, job, at),
        }
    }

    /// Notes how fast the job's completed steps went.
    pub(super) fn note_paces(&mut self, cluster: &Cluster, job: &JobHash) {
        self.paces = self.tracker.paces(cluster, job);
    }

    pub(super) const fn paces(&self) -> &BTreeMap<StepName, StepPace> {
        &self.paces
    }

    async fn step(
        &mut self,
        cloud: &dyn Cloud,
        clock: &dyn Clock,
        cluster: &Cluster,
        step: &Step,
    ) -> StepNow {
        if let Some((at, read)) = &self.read
            && read.name == step.name
            && at.elapsed() < READ_INTERVAL
        {
            return read.clone();
        }
        let mut now = StepNow {
            name: step.name.clone(),
            ui: step.ui.as_deref().map(without_password),
            spark: None,
            printed: Vec::new(),
        };
        let number = cluster.steps.iter().position(|other| other == step);
        let number = number.map_or(0, |index| index + 1);
        let (printed, at) = match cloud.spark_pages() {
            Some(pages) => {
                if let Some(ui) = &step.ui {
                    now.spark = pages.progress(ui).await;
                }
                (pages.printed(cluster, number).await, clock.now())
            }
            None => {
                self.read_uploaded(cloud, cluster, number).await;
                let known = self.uploaded.iter().filter(|known| known.number == number);
                let at = known.clone().find_map(|known| known.at);
                let lines = known.flat_map(|known| known.lines.clone());
                (lines.collect(), at.unwrap_or_else(|| clock.now()))
            }
        };
        let lines = printed.iter().map(String::as_str);
        self.tracker.note(step, now.spark, lines, at);
        let last = printed.len().saturating_sub(LINES);
        let last = printed.into_iter().skip(last);
        now.printed = last.map(Into::into).collect();
        self.read = Some((Instant::now(), now.clone()));
        now
    }

    /// Reads what was uploaded of the output of a step, once in a while. It is only shown: what cannot be
    /// read is left out.
    async fn read_uploaded(&mut self, cloud: &dyn Cloud, cluster: &Cluster, number: usize) {
        let Some(logs) = cloud.driver_logs() else {
            return;
        };
        let of_step = self.uploaded.take().filter(|known| known.number == number);
        // A step that has just begun has nothing to read.
        let mut known = of_step.unwrap_or_else(|| UploadedOutput {
            number,
            read_at: Instant::now(),
            at: None,
            lines: Vec::new(),
        });
        if known.read_at.elapsed() >= logs.read_interval() {
            known.read_at = Instant::now();
            let read = logs.uploaded_output(&cluster.id, number, known.at).await;
            if let Ok(Uploaded::Log(log)) = read {
                let last = log.sections.last();
                let lines = last.into_iter().flat_map(|section| section.text.lines());
                let lines: Vec<&str> = lines.collect();
                let skipped = lines.len().saturating_sub(MAX_UPLOADED);
                known.lines = lines
                    .iter()
                    .skip(skipped)
                    .map(|&line| line.to_owned())
                    .collect();
                known.at = Some(log.at);
            }
        }
        self.uploaded = Some(known);
    }
}
