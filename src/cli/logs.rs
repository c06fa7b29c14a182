//! `logs`: shows logs as one stream in the order of time.

use super::flags::TargetArgs;
use super::verb::{Finished, Verb};
use super::view::logs as view;
use super::view::logs::RecordDocument;
use super::{ssh, stopped};
use crate::app::diagnosis::Given;
use crate::app::document::Document;
use crate::app::failure::{Exit, Failure};
use crate::app::logs::{self, Report, Request, Shown, Sink};
use crate::app::reporter::Reporter;
use crate::app::session::Session;
use crate::cloud::step_name;
use crate::diagnose::records::{Filter, Selection};
use crate::model::hint::CommandContext;
use crate::model::name::{ClusterId, StackName};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Debug, clap::Args)]
pub(super) struct LogsArgs {
    /// A stack's file or name, a cluster's id (j-…), a folder of logs as EMR uploads them, a log, or -
    /// for standard input
    pub(super) what: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Show only this step
    #[arg(long)]
    pub(super) step: Option<String>,
    /// Include the logs of executors, nodes and daemons
    #[arg(long)]
    pub(super) all: bool,
    /// Show only the logs of this executor, by its number or its container
    #[arg(long, value_name = "ID", conflicts_with_all = ["step", "all"])]
    pub(super) executor: Option<String>,
    /// Show only errors and tracebacks, each with all its lines
    #[arg(long)]
    pub(super) errors: bool,
    /// Show only records that match this regular expression, each with all its lines
    #[arg(long, value_name = "REGEX")]
    pub(super) grep: Option<String>,
    /// Go on until the cluster has ended; with --output json, one JSON object per line
    #[arg(long, short)]
    pub(super) follow: bool,
    /// Like --follow, and reads the logs of running steps on the primary over SSH as they are written
    #[arg(long, conflicts_with = "executor")]
    pub(super) live: bool,
}

impl Verb for LogsArgs {
    fn here(&self) -> CommandContext {
        let stack = match Given::of(&self.what) {
            Given::Stack(stack) => Some(stack),
            Given::Cluster(_) | Given::Folder(_) | Given::File(_) | Given::Input => None,
        };
        self.target.here(stack.as_deref())
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let request = Request {
            given: &Given::of(&self.what),
            choice: &self.target.choice(),
            selection: Selection {
                step: self.step.as_deref().map(step_name),
                all: self.all,
                executor: self.executor.clone(),
                containers: BTreeSet::new(),
            },
            filter: self.filter()?,
            live: self.live.then_some(&ssh::tied as &logs::Ssh),
        };
        let follow = self.follow || self.live;
        let mut printer = Printer::new(&*session.reporter, follow);
        let shown = async {
            if follow {
                logs::follow(&request, session, &mut printer).await
            } else {
                logs::show(&request, session, &mut printer).await
            }
        };
        let Some(report) = stopped::or(shown).await else {
            return Ok(Finished::interrupted(
                "interrupted before all logs were read",
            ));
        };
        let Report {
            stack,
            cluster,
            logs,
        } = report?;
        if follow {
            return Ok(Finished::without_document(Exit::Done));
        }
        Ok(Finished::done(LogsDocument {
            stack,
            cluster,
            logs,
            records: printer.documents,
            cut: printer.is_cut,
        }))
    }
}

impl LogsArgs {
    fn filter(&self) -> Result<Filter, Failure> {
        Filter::new(self.grep.as_deref(), self.errors).map_err(|error| {
            Failure::input("--grep is not a regular expression")
                .caused_by(&error)
                .hint("write \\ before a character that is meant as it is, such as \\( or \\[")
        })
    }
}

/// How much text is printed at a time, in bytes.
const PIECE: usize = 16 << 10;

/// How much one JSON document holds: records, and bytes of their text.
const MAX_RECORDS: usize = 100_000;
const MAX_BYTES: usize = 64 << 20;

/// Prints records, or collects them for one JSON document.
struct Printer<'a> {
    reporter: &'a dyn Reporter,
    is_document: bool,
    is_json: bool,
    /// What is not printed yet.
    text: String,
    documents: Vec<RecordDocument>,
    bytes: usize,
    is_cut: bool,
}

impl<'a> Printer<'a> {
    fn new(reporter: &'a dyn Reporter, follow: bool) -> Self {
        let is_json = reporter.is_for_machines();
        Self {
            reporter,
            is_document: is_json && !follow,
            is_json,
            text: String::new(),
            documents: Vec::new(),
            bytes: 0,
            is_cut: false,
        }
    }
}

impl Sink for Printer<'_> {
    fn show(&mut self, shown: &Shown<'_>) -> bool {
        if self.is_document {
            self.bytes += shown.record.text.len();
            self.is_cut = self.documents.len() >= MAX_RECORDS || self.bytes > MAX_BYTES;
            if !self.is_cut {
                self.documents.push(view::document(shown));
            }
            return !self.is_cut;
        }
        if self.is_json {
            return self
                .reporter
                .record("", &Document::of(&view::document(shown)));
        }
        view::write(&mut self.text, shown);
        self.text.len() < PIECE || self.flush()
    }

    fn flush(&mut self) -> bool {
        if self.text.is_empty() {
            return true;
        }
        let goes_on = self.reporter.record(&self.text, &Document::Null);
        self.text.clear();
        goes_on
    }
}

/// Records of logs.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct LogsDocument {
    /// The stack, if it is known.
    stack: Option<StackName>,
    /// The cluster, if it is known.
    cluster: Option<ClusterId>,
    /// The logs that were read.
    logs: Vec<String>,
    /// Their records in the order of time.
    records: Vec<RecordDocument>,
    /// Whether there are more records than one document holds.
    cut: bool,
}
