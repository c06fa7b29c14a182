//! What is to be diagnosed, as a word of the command line.

use super::diagnosed::Diagnosed;
use super::fixed::Named;
use super::of_cluster::{of_any, of_stack};
use super::of_files::{has_logs, of_folder, of_log};
use crate::app::failure::Failure;
use crate::app::given_stack::GivenStack;
use crate::app::policies::PolicyPlace;
use crate::app::session::Session;
use crate::app::target::{Target, TargetChoice};
use crate::cloud::read_log;
use crate::model::name::{ClusterId, StackName};
use std::io;
use std::path::{Path, PathBuf};

/// What is to be diagnosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// A stack, by its file or name.
    Stack(String),
    Cluster(ClusterId),
    Folder(PathBuf),
    File(PathBuf),
    Input,
}

/// The id, if a word of the command line is a cluster's id of EMR and no stack's name.
pub(crate) fn cluster_id(word: &str) -> Option<ClusterId> {
    match Given::of(word) {
        Given::Cluster(id) if word.parse::<StackName>().is_err() => Some(id),
        Given::Cluster(_) | Given::Stack(_) | Given::Folder(_) | Given::File(_) | Given::Input => {
            None
        }
    }
}

impl Given {
    /// A word of the command line. A folder that has no logs can have the name of a stack.
    pub(crate) fn of(word: &str) -> Self {
        let path = Path::new(word);
        let is_stack = ["yaml", "yml"]
            .map(Some)
            .contains(&path.extension().and_then(|it| it.to_str()));
        if word == "-" {
            return Self::Input;
        }
        if path.is_dir() && (word.contains(['/', '.']) || has_logs(path)) {
            return Self::Folder(path.to_owned());
        }
        if path.exists() && !path.is_dir() && !is_stack {
            return Self::File(path.to_owned());
        }
        let is_id = ["j-", "local-"].iter().any(|start| word.starts_with(start));
        match word.parse() {
            Ok(id) if is_id && !is_stack => Self::Cluster(id),
            Ok(_) | Err(_) => Self::Stack(word.to_owned()),
        }
    }

    /// Diagnoses it from what is there now. Changes nothing. `policies`: what the fixes for a stack
    /// have to obey.
    pub(crate) async fn diagnose(
        &self,
        step: Option<&str>,
        choice: &TargetChoice,
        policies: &PolicyPlace,
        session: &Session,
    ) -> Result<Diagnosed, Failure> {
        match self {
            Self::Stack(stack) => {
                let given = GivenStack::open(stack, choice, session).await?;
                let named = Named {
                    word: stack,
                    given: &given,
                    policies,
                };
                of_stack(named, step).await
            }
            Self::Cluster(id) => {
                let target = Target::open(choice, None, session).await?;
                of_any(&target, id, step).await
            }
            Self::Folder(folder) => of_folder(folder, step),
            Self::File(path) => {
                let file = crate::disk::open(path).and_then(read_log);
                of_log(&path.to_string_lossy(), file)
            }
            Self::Input => of_log("standard input", read_log(io::stdin().lock())),
        }
    }
}
