//! Notebooks that run on clusters.

use crate::cloud::api::{Page, call};
use chrono::{DateTime, Utc};

/// Lists up to 50 notebook executions that run now and began in the last 30 days (EMR API,
/// ListNotebookExecutions).
#[derive(Debug, Clone)]
pub struct ListRunningNotebooks {
    /// The token of the page to read; `None` for the first.
    pub next: Option<String>,
}
call!(
    ListRunningNotebooks,
    "elasticmapreduce:ListNotebookExecutions",
    reads,
    Page<Notebook>
);

/// A notebook execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notebook {
    /// NotebookExecutionId, `ex-…`.
    pub id: String,
    /// NotebookExecutionName.
    pub name: String,
    /// StartTime.
    pub started_at: Option<DateTime<Utc>>,
    /// ExecutionEngineId: the cluster, `j-…`.
    pub cluster: Option<String>,
}
