//! Where logs are: in a cluster's place, or in files.

use super::{absent, limit};
use crate::app::diagnosis::{Given, has_logs, root};
use crate::app::failure::Failure;
use crate::app::given_stack::GivenStack;
use crate::app::session::Session;
use crate::app::target::{Target, TargetChoice};
use crate::cloud::{FolderLogs, LogFile};
use crate::diagnose::records::Selection;
use crate::model::name::{ClusterId, StackName};
use crate::model::shown::line;
use std::io;
use std::path::Path;

/// Logs that were listed.
pub(super) struct Source<'a> {
    pub(super) place: Place<'a>,
    pub(super) names: Vec<String>,
}

pub(super) enum Place<'a> {
    Cluster {
        target: Target<'a>,
        stack: Option<StackName>,
        id: ClusterId,
    },
    Folder {
        logs: FolderLogs,
        shown: String,
        /// Whether its logs are in the folders of EMR's layout.
        has_layout: bool,
    },
    /// One log.
    File(LogFile),
}

impl<'a> Source<'a> {
    pub(super) async fn open(
        given: &Given,
        choice: &TargetChoice,
        session: &'a Session,
    ) -> Result<Self, Failure> {
        match given {
            Given::Stack(stack) => {
                Self::of_stack(GivenStack::open(stack, choice, session).await?).await
            }
            Given::Cluster(id) => {
                let target = Target::open(choice, None, session).await?;
                let Some(listing) = target.cloud.logs_of(id).await? else {
                    return Err(absent::cluster(id, &target));
                };
                let place = Place::Cluster {
                    target,
                    stack: None,
                    id: id.clone(),
                };
                let names = listing.logs.into_keys().collect();
                Ok(Self { place, names })
            }
            Given::Folder(folder) => Self::of_folder(folder),
            Given::File(path) => Ok(Self {
                names: vec![path.to_string_lossy().into_owned()],
                place: Place::File(LogFile::given(path.clone())),
            }),
            Given::Input => Ok(Self {
                names: vec!["standard input".to_owned()],
                place: Place::File(LogFile::input()),
            }),
        }
    }

    async fn of_stack(given: GivenStack<'a>) -> Result<Self, Failure> {
        let found = given.target.cloud.logs(&given.name).await?;
        let Some(found) = found else {
            let exists = !given.observe("logs").await?.is_empty();
            return Err(absent::of_stack(&given.name, exists, &given.target));
        };
        let place = Place::Cluster {
            target: given.target,
            stack: Some(given.name),
            id: found.cluster,
        };
        let names = found.names;
        Ok(Self { place, names })
    }

    fn of_folder(folder: &Path) -> Result<Self, Failure> {
        let shown = line(&folder.to_string_lossy(), 200);
        let root = root(folder);
        let cannot = |error: io::Error| {
            let message = format!("cannot read the logs in {shown}");
            Failure::input(message).caused_by(&error)
        };
        let logs = FolderLogs::list(&root).map_err(cannot)?;
        let names = logs.names().into_iter().collect();
        let has_layout = has_logs(&root);
        let place = Place::Folder {
            logs,
            shown,
            has_layout,
        };
        Ok(Self { place, names })
    }
}

impl Place<'_> {
    /// Fetches logs of a selection, in the order of their names. `is_live`: for `--live`.
    pub(super) async fn fetch(
        &self,
        names: &[String],
        selection: &Selection,
        is_live: bool,
    ) -> Result<Vec<LogFile>, Failure> {
        match self {
            Self::Cluster { target, id, .. } => {
                if let Some(stored) = target.cloud.stored_logs() {
                    limit::check(&stored, names, (selection, is_live), id)?;
                }
                let progress = target.session.reporter.progress();
                let fetched = target.cloud.fetch(id, names, &*progress).await;
                progress.clear();
                Ok(fetched?)
            }
            Self::Folder { logs, .. } => {
                Ok(names.iter().filter_map(|name| logs.file(name)).collect())
            }
            Self::File(file) => Ok(vec![file.clone()]),
        }
    }

    /// Whether logs are downloaded.
    pub(super) fn is_remote(&self) -> bool {
        matches!(self, Self::Cluster { target, .. } if target.cloud.stored_logs().is_some())
    }

    /// A warning that not all logs were listed; `None` if they were.
    pub(super) fn cut(&self) -> Option<String> {
        let stored = match self {
            Self::Cluster { target, .. } => target.cloud.stored_logs(),
            Self::Folder { .. } | Self::File(_) => None,
        };
        let stored = stored.filter(|stored| stored.is_cut)?;
        let many = stored.bytes.len();
        let what = self.in_words();
        Some(format!(
            "warning: {what} has more than {many} logs: only these are looked at, and those of all steps"
        ))
    }

    /// What it is, such as `stack movies`.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Cluster {
                stack: Some(stack), ..
            } => format!("stack {stack}"),
            Self::Cluster { id, .. } => format!("cluster {id}"),
            Self::Folder { shown, .. } => shown.clone(),
            Self::File(_) => "the log".to_owned(),
        }
    }
}
