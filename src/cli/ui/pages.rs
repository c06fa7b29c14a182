//! The pages that were shown, in JSON.

use crate::cloud::local::history::Application;
use crate::model::name::{ClusterId, StackName};
use serde::Serialize;

/// The pages that were shown.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct UiDocument {
    /// The stack.
    pub(super) stack: Option<StackName>,
    /// The cluster, of EMR's own pages.
    pub(super) cluster: Option<ClusterId>,
    /// The pages and their addresses.
    pub(super) pages: Vec<Page>,
}

/// A page that was shown.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Page {
    /// The application, if it is known.
    pub(super) application: Option<PageApplication>,
    /// The kind of EMR's own page; null of other pages.
    pub(super) kind: Option<String>,
    /// Where the page is, or was.
    pub(super) address: String,
}

/// An application of Spark.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct PageApplication {
    /// Its id.
    pub(super) id: String,
    /// Its name, if it is known.
    pub(super) name: Option<String>,
}

impl Page {
    pub(super) fn of(application: Option<Application>, address: String) -> Self {
        let application = application.map(|Application { id, name }| PageApplication {
            id,
            name: Some(name),
        });
        Self {
            application,
            kind: None,
            address,
        }
    }

    /// The application's name; empty if it is not known.
    pub(super) fn name(&self) -> Option<&str> {
        self.application.as_ref()?.name.as_deref()
    }
}
