//! `policy check`: checks stacks against policies, for people and for CI.

use super::checked::{Checked, CheckedDocument, Invalid, UnreadStack};
use super::format::{self, Format};
use super::remark::remarks;
use crate::app::failure::{Exit, Failure};
use crate::app::judged::judge;
use crate::app::policies;
use crate::app::session::Session;
use crate::app::stack_file::{self, StackFile};
use crate::cli::flags::{PoliciesArgs, only};
use crate::cli::verb::{Finished, Verb};
use crate::cli::view;
use crate::model::clock::Clock;
use crate::model::shown::json;
use crate::run::clock::SystemClock;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CheckArgs {
    /// The stacks' YAML files
    #[arg(required = true)]
    stacks: Vec<PathBuf>,
    #[command(flatten)]
    policies: PoliciesArgs,
    /// The format of standard output: text, sarif for code scanning, or github for annotations
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Verb for CheckArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let mut checked = Vec::new();
        let mut unread = Vec::new();
        if self.format != Format::Text {
            only("--format", &*session.reporter)?;
        }
        for path in &self.stacks {
            match check(path, self, session).await {
                Ok(result) => checked.push(result),
                // A mistake in a stack must not hide the others; one in a policy ends the check.
                Err(Wrong::Stack(failure)) => {
                    reporter.failure_of_many(&failure);
                    let file = path.display().to_string();
                    unread.push(Invalid { file, failure });
                }
                Err(Wrong::Policies(failure)) => return Err(failure),
            }
        }
        let denied = checked.iter().any(|result| result.judgement.is_denied());
        let exit = match (unread.is_empty(), denied) {
            (false, _) => Exit::Input,
            (true, true) => Exit::Refused,
            (true, false) => Exit::Done,
        };
        match self.format {
            Format::Text => {
                for result in &checked {
                    reporter.text(&text(result));
                }
            }
            Format::Sarif => {
                let log = format::sarif(&remarks(&checked, &unread));
                reporter.raw(&json(&format!("{log:#}")));
            }
            Format::Github => reporter.raw(&format::github(&remarks(&checked, &unread))),
        }
        let stacks: Vec<_> = checked.iter().map(Checked::document).collect();
        let fields = PolicyCheckDocument {
            stacks,
            unread: unread.iter().map(Invalid::document).collect(),
        };
        Ok(Finished::with(exit, fields))
    }
}

enum Wrong {
    Stack(Failure),
    Policies(Failure),
}

async fn check(path: &Path, args: &CheckArgs, session: &Session) -> Result<Checked, Wrong> {
    let read = args.policies.place().read(path, session).await;
    let read = read.map_err(Wrong::Policies)?;
    if read.policies.is_empty() {
        return Err(Wrong::Policies(policies::none()));
    }
    let (stack, text) = stack_file::read_with_text(&StackFile::new(path)).map_err(Wrong::Stack)?;
    let catalog = session.environment.catalog();
    let by = session.environment.who.clone();
    Ok(Checked {
        file: path.display().to_string(),
        judgement: judge(&stack, &read.policies, &catalog, &by, SystemClock.now()),
        stack: stack.name,
        text,
        from: read.places,
    })
}

fn text(result: &Checked) -> String {
    let standing = view::policy::word(result.judgement.standing);
    format!(
        "{}: {standing}\n{}",
        result.file,
        view::policy::judgement(&result.judgement).trim_end()
    )
}

/// How stacks were judged.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct PolicyCheckDocument {
    /// The stacks.
    stacks: Vec<CheckedDocument>,
    /// The stacks that are not valid.
    unread: Vec<UnreadStack>,
}
