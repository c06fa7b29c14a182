//! The events of Spark's log that matter here, with the fields that are used. Spark's
//! `JsonProtocol` writes them; other events and fields are passed over, and any field may be absent.

use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An event, as read from one line.
#[derive(Debug)]
pub(super) enum Event<'a> {
    LogStart(LogStart<'a>),
    Environment(Environment<'a>),
    ApplicationStart(ApplicationStart<'a>),
    ApplicationEnd(Instant),
    ExecutorAdded(ExecutorAdded<'a>),
    ExecutorRemoved(ExecutorRemoved<'a>),
    JobStart(JobStart<'a>),
    JobEnd(JobEnd),
    StageSubmitted(OfStage<'a>),
    StageCompleted(OfStage<'a>),
    StageMetrics(StageMetrics<'a>),
    MetricsUpdate(MetricsUpdate<'a>),
    TaskEnd(Box<TaskEnd<'a>>),
    /// An event that is not used.
    Other,
}

/// How each line of Spark's begins.
const BEGIN: &[u8] = b"{\"Event\":\"";

impl<'a> Event<'a> {
    /// The event of a line; `None` if the line is none.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let name = match line.strip_prefix(BEGIN) {
            Some(rest) => {
                let end = rest.iter().position(|byte| *byte == b'"')?;
                Cow::Borrowed(std::str::from_utf8(&rest[..end]).ok()?)
            }
            None => parse::<Named<'_>>(line)?.event,
        };
        Some(match name.as_ref() {
            "SparkListenerTaskEnd" => Self::TaskEnd(Box::new(parse(line)?)),
            "SparkListenerLogStart" => Self::LogStart(parse(line)?),
            "SparkListenerEnvironmentUpdate" => Self::Environment(parse(line)?),
            "SparkListenerApplicationStart" => Self::ApplicationStart(parse(line)?),
            "SparkListenerApplicationEnd" => Self::ApplicationEnd(parse(line)?),
            "SparkListenerExecutorAdded" => Self::ExecutorAdded(parse(line)?),
            "SparkListenerExecutorRemoved" => Self::ExecutorRemoved(parse(line)?),
            "SparkListenerJobStart" => Self::JobStart(parse(line)?),
            "SparkListenerJobEnd" => Self::JobEnd(parse(line)?),
            "SparkListenerStageSubmitted" => Self::StageSubmitted(parse(line)?),
            "SparkListenerStageCompleted" => Self::StageCompleted(parse(line)?),
            "SparkListenerStageExecutorMetrics" => Self::StageMetrics(parse(line)?),
            "SparkListenerExecutorMetricsUpdate" => Self::MetricsUpdate(parse(line)?),
            // The rest of the line is not looked at: a cut one is no harm either.
            _ => Self::Other,
        })
    }
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Option<T> {
    serde_json::from_slice(line).ok()
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(rename = "Event", borrow)]
    event: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LogStart<'a> {
    #[serde(rename = "Spark Version", borrow)]
    pub(super) version: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Environment<'a> {
    #[serde(rename = "Spark Properties", borrow, default)]
    pub(super) properties: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ApplicationStart<'a> {
    #[serde(rename = "App ID", borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(rename = "App Attempt ID", borrow)]
    pub(super) attempt: Option<Cow<'a, str>>,
    /// In milliseconds since 1970, as are all times.
    #[serde(rename = "Timestamp")]
    pub(super) at: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Instant {
    #[serde(rename = "Timestamp")]
    pub(super) at: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct ExecutorAdded<'a> {
    #[serde(rename = "Timestamp")]
    pub(super) at: i64,
    #[serde(rename = "Executor ID", borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(rename = "Executor Info")]
    pub(super) info: ExecutorInfo,
}

#[derive(Debug, Deserialize)]
pub(super) struct ExecutorInfo {
    #[serde(rename = "Total Cores")]
    pub(super) cores: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct ExecutorRemoved<'a> {
    #[serde(rename = "Timestamp")]
    pub(super) at: i64,
    #[serde(rename = "Executor ID", borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(rename = "Removed Reason", borrow)]
    pub(super) reason: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct JobStart<'a> {
    #[serde(rename = "Job ID")]
    pub(super) id: i64,
    #[serde(rename = "Submission Time")]
    pub(super) at: Option<i64>,
    /// Its stages, in any order; that with the highest id is the last.
    #[serde(rename = "Stage Infos", borrow, default)]
    pub(super) stages: Vec<JobStage<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct JobStage<'a> {
    #[serde(rename = "Stage ID")]
    pub(super) id: u32,
    #[serde(rename = "Stage Name", borrow)]
    pub(super) name: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct JobEnd {
    #[serde(rename = "Job ID")]
    pub(super) id: i64,
    #[serde(rename = "Completion Time")]
    pub(super) at: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OfStage<'a> {
    #[serde(rename = "Stage Info", borrow)]
    pub(super) stage: StageInfo<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StageInfo<'a> {
    #[serde(rename = "Stage ID")]
    pub(super) id: u32,
    #[serde(rename = "Stage Attempt ID", default)]
    pub(super) attempt: u32,
    #[serde(rename = "Stage Name", borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(rename = "Number of Tasks")]
    pub(super) tasks: Option<u64>,
    #[serde(rename = "Submission Time")]
    pub(super) submitted: Option<i64>,
    #[serde(rename = "Completion Time")]
    pub(super) completed: Option<i64>,
    #[serde(rename = "Failure Reason", borrow)]
    pub(super) failure: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StageMetrics<'a> {
    #[serde(rename = "Executor ID", borrow)]
    pub(super) executor: Cow<'a, str>,
    #[serde(rename = "Executor Metrics", default)]
    pub(super) peak: Peak,
}

#[derive(Debug, Deserialize)]
pub(super) struct MetricsUpdate<'a> {
    #[serde(rename = "Executor ID", borrow)]
    pub(super) executor: Cow<'a, str>,
    #[serde(rename = "Executor Metrics Updated", default)]
    pub(super) updates: Vec<Update>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Update {
    #[serde(rename = "Executor Metrics", default)]
    pub(super) peak: Peak,
}

/// The most memory that was sampled, in bytes; 0 if it was not.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct Peak {
    #[serde(rename = "JVMHeapMemory")]
    pub(super) heap: u64,
    #[serde(rename = "ProcessTreePythonRSSMemory")]
    pub(super) python: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct TaskEnd<'a> {
    #[serde(rename = "Stage ID")]
    pub(super) stage: u32,
    #[serde(rename = "Stage Attempt ID", default)]
    pub(super) attempt: u32,
    #[serde(rename = "Task End Reason", borrow)]
    pub(super) end: TaskEndReason<'a>,
    #[serde(rename = "Task Info", borrow)]
    pub(super) info: TaskInfo<'a>,
    #[serde(rename = "Task Executor Metrics", default)]
    pub(super) peak: Peak,
    #[serde(rename = "Task Metrics")]
    pub(super) metrics: Option<TaskMetrics>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TaskEndReason<'a> {
    #[serde(rename = "Reason", borrow)]
    pub(super) reason: Cow<'a, str>,
}

/// How a task ended, as far as that matters here (`TaskEndReason` of Spark).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Well,
    /// By itself or with its executor.
    Failed,
    /// It was not needed any more.
    Killed,
    /// For something outside of it, such as data of another task that was lost.
    Other,
}

impl TaskEndReason<'_> {
    pub(super) fn ending(&self) -> Ending {
        match self.reason.as_ref() {
            "Success" => Ending::Well,
            "ExceptionFailure" | "ExecutorLostFailure" => Ending::Failed,
            "TaskKilled" => Ending::Killed,
            _ => Ending::Other,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct TaskInfo<'a> {
    #[serde(rename = "Executor ID", borrow)]
    pub(super) executor: Cow<'a, str>,
    #[serde(rename = "Launch Time")]
    pub(super) launched: i64,
    #[serde(rename = "Finish Time")]
    pub(super) finished: i64,
}

/// Times in milliseconds, sizes in bytes; `None` is what this Spark does not count.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TaskMetrics {
    #[serde(rename = "Executor Run Time")]
    pub(super) run: Option<u64>,
    #[serde(rename = "JVM GC Time")]
    pub(super) gc: Option<u64>,
    #[serde(rename = "Memory Bytes Spilled")]
    pub(super) memory_spilled: Option<u64>,
    #[serde(rename = "Disk Bytes Spilled")]
    pub(super) disk_spilled: Option<u64>,
    #[serde(rename = "Shuffle Read Metrics")]
    pub(super) shuffle_read: ShuffleRead,
    #[serde(rename = "Shuffle Write Metrics")]
    pub(super) shuffle_write: ShuffleWrite,
    #[serde(rename = "Input Metrics")]
    pub(super) input: Input,
    #[serde(rename = "Output Metrics")]
    pub(super) output: Output,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShuffleRead {
    #[serde(rename = "Remote Bytes Read")]
    pub(super) remote: Option<u64>,
    #[serde(rename = "Local Bytes Read")]
    pub(super) local: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShuffleWrite {
    #[serde(rename = "Shuffle Bytes Written")]
    pub(super) bytes: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Input {
    #[serde(rename = "Bytes Read")]
    pub(super) bytes: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Output {
    #[serde(rename = "Bytes Written")]
    pub(super) bytes: Option<u64>,
}

impl ShuffleRead {
    /// What was read from this node and from others.
    pub(super) fn bytes(&self) -> Option<u64> {
        let parts = [self.remote, self.local];
        parts
            .iter()
            .any(Option::is_some)
            .then(|| parts.into_iter().flatten().fold(0, u64::saturating_add))
    }
}
