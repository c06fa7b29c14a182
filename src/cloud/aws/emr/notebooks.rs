//! Notebooks that run on clusters.

use crate::cloud::api::emr::{ListRunningNotebooks, Notebook};
use crate::cloud::api::{ApiError, Page, Serve};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::{from_sdk, incomplete};
use crate::cloud::aws::translate::time;
use aws_sdk_emr::types::{NotebookExecutionStatus, NotebookExecutionSummary};

impl Serve<ListRunningNotebooks> for Sdk {
    async fn serve(&self, call: ListRunningNotebooks) -> Result<Page<Notebook>, ApiError> {
        let reply = self
            .emr
            .list_notebook_executions()
            .status(NotebookExecutionStatus::Running)
            .set_marker(call.next)
            .send()
            .await
            .map_err(from_sdk::<ListRunningNotebooks, _>)?;
        let missing = || incomplete::<ListRunningNotebooks>("a notebook execution's id");
        let convert = |theirs| notebook(theirs).ok_or_else(missing);
        let notebooks = reply.notebook_executions.into_iter().flatten();
        Ok(Page {
            items: notebooks.map(convert).collect::<Result<_, _>>()?,
            next: reply.marker.filter(|marker| !marker.is_empty()),
        })
    }
}

fn notebook(theirs: NotebookExecutionSummary) -> Option<Notebook> {
    Some(Notebook {
        id: theirs.notebook_execution_id?,
        name: theirs.notebook_execution_name.unwrap_or_default(),
        started_at: theirs.start_time.as_ref().and_then(time),
        cluster: theirs.execution_engine_id.filter(|id| !id.is_empty()),
    })
}
