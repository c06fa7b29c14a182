//! `init`: writes a commented example stack.

use super::verb::{Finished, Verb};
use crate::app::document::document;
use crate::app::failure::Failure;
use crate::app::new_file;
use crate::app::session::Session;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::shown::line;
use crate::text;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// The file to write. The stack gets the file's name or, if that is stack.yaml, its folder's
    #[arg(default_value = "stack.yaml")]
    pub(super) file: PathBuf,
    /// The stack's name, instead of the file's or the folder's
    #[arg(long)]
    pub(super) name: Option<StackName>,
}

impl Verb for InitArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let path = &self.file;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => name_of(path)?,
        };
        new_file::write(path, &text::template(&name))?;
        let shown = path.display();
        session.reporter.text(&format!(
            "wrote {shown}\n\nput your script in job.py beside it, then"
        ));
        let file = path.display().to_string();
        let validate = Command::clusterup("validate").arg(&file);
        let apply = Command::clusterup("apply").arg(&file).arg("--local");
        session.reporter.text(&session.reporter.next(&validate, 2));
        session.reporter.text(&session.reporter.next(&apply, 2));
        Ok(Finished::done(document!({ "file": path, "stack": name })))
    }
}

/// The stack's name: the file's name, or for `stack.yaml`, which every folder may have, the
/// folder's.
fn name_of(path: &Path) -> Result<StackName, Failure> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = whole.parent().and_then(Path::file_name);
    let source = match folder {
        Some(folder) if stem == "stack" => folder.to_string_lossy(),
        _ => stem,
    };
    StackName::like(&source).ok_or_else(|| {
        let from = line(&source, 100);
        Failure::input(format!("no stack name can be made from {from:?}"))
            .hint("give the stack a name: --name")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_named_after_its_file_or_folder() {
        for (path, name) in [
            ("/work/Movie Ratings/stack.yaml", Some("movie-ratings")),
            ("/work/2026_etl--v2/stack.yml", Some("etl-v2")),
            ("/work/\u{e9}t\u{e9}/stack.yaml", Some("t")),
            ("/work/a/movies.yaml", Some("movies")),
            ("/work/2026/stack.yaml", None),
            ("/work/\u{65e5}\u{672c}/stack.yaml", None),
            ("/stack.yaml", Some("stack")),
        ] {
            let found = name_of(Path::new(path)).ok();
            assert_eq!(found.as_ref().map(StackName::as_str), name, "{path}");
        }
        let long = format!("/{}/stack.yaml", "ab-".repeat(30));
        assert_eq!(name_of(Path::new(&long)).unwrap().as_str().len(), 40);
    }
}
