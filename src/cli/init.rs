//! `init`: writes a stack that runs a script.

use super::prompt;
use super::verb::{Finished, Verb};
use crate::app::environment::Answers;
use crate::app::environment::region::known_region;
use crate::app::failure::Failure;
use crate::app::new_file;
use crate::app::new_stack::{self, Made, Wish};
use crate::app::session::Session;
use crate::model::hint::Command;
use crate::model::name::{DataName, Region, StackName};
use crate::model::shown::line;
use crate::text::NewStack;
use serde::Serialize;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// The file to write. The stack gets the file's name or, if that is stack.yaml, its folder's
    #[arg(default_value = "stack.yaml")]
    pub(super) file: PathBuf,
    /// The script that the stack runs [default: job.py, of which an example is written if there is none]
    #[arg(long, value_name = "SCRIPT")]
    pub(super) from: Option<PathBuf>,
    /// Data that the script reads: a file, a folder, s3://… or https://…; NAME=PLACE names it
    #[arg(long, value_name = "PLACE")]
    pub(super) data: Vec<String>,
    /// The stack's name, instead of the file's or the folder's
    #[arg(long)]
    pub(super) name: Option<StackName>,
}

/// The region if none is set.
const REGION: &str = "us-east-1";

/// The most scripts that are offered.
const MAX_SCRIPTS: usize = 9;

impl Verb for InitArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let path = &self.file;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => name_of(path)?,
        };
        if fs::symlink_metadata(path).is_ok() {
            return Err(new_file::exists(path));
        }
        let may_ask = session.environment.answers == Answers::Possible;
        let script = match &self.from {
            Some(script) => Some(script.clone()),
            None => choose_script(path, may_ask),
        };
        let asked = may_ask && script.is_some() && self.data.is_empty();
        let data = if asked { ask_for_data() } else { Vec::new() };
        let region = match known_region(&session.environment).await {
            Some(region) => region,
            None => REGION
                .parse::<Region>()
                .map_err(|_| Failure::input("no region is set"))?,
        };
        let wish = Wish {
            file: path,
            name,
            region,
            script,
            data: if asked { &data } else { &self.data },
        };
        let answer = |what: &str| {
            let question = format!("The script requires {what}. Its value (empty: later): ");
            let answer = may_ask.then(|| prompt::ask(&question)).flatten()?;
            Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
        };
        let made = new_stack::make(wish, &session.environment, &answer)?;
        if let Some((path, text)) = &made.example {
            new_file::write(path, text)?;
        }
        new_file::write(path, &made.stack.render())?;
        self.report(&made, session);
        Ok(Finished::done(self.document(&made)))
    }
}

impl InitArgs {
    fn report(&self, made: &Made, session: &Session) {
        let reporter = &session.reporter;
        let NewStack {
            script,
            packages,
            size: (size, why),
            ..
        } = &made.stack;
        let file = self.file.display().to_string();
        if let Some((path, _)) = &made.example {
            reporter.text(&format!("wrote {}, an example", path.display()));
        }
        reporter.text(&format!("wrote {file}: it runs {script} on {size}"));
        reporter.text(&format!("  size      {why}"));
        for data in &made.stack.data {
            reporter.text(&format!(
                "  data      {} as ${{data.{}}}",
                data.place, data.name
            ));
        }
        if !packages.is_empty() {
            reporter.text(&format!("  packages  {}", packages.join(", ")));
        }
        if let Some((budget, hourly)) = &made.stack.budget {
            let lifetime = made.stack.lifetime;
            reporter.text(&format!(
                "  limits    {lifetime} and {budget} on AWS, where it costs {hourly} an hour"
            ));
        }
        for name in &made.unread {
            reporter.text(&format!(
                "! {script} takes no argument for {name}: let it read its path from sys.argv[1],\n  \
                 and add \"${{data.{name}}}\" to `args` in {file}"
            ));
        }
        if !made.stack.unmet.is_empty() {
            let unmet = made.stack.unmet.join(", ");
            reporter.text(&format!(
                "! {script} also requires {unmet}: add it to `args` in {file}"
            ));
        }
        reporter.text("");
        let validate = Command::clusterup("validate").arg(&file);
        let apply = Command::clusterup("apply").arg(&file).arg("--local");
        reporter.text(&reporter.next(&validate, 2));
        reporter.text(&reporter.next(&apply, 2));
    }

    fn document(&self, made: &Made) -> InitDocument {
        let stack = &made.stack;
        let data = stack.data.iter().map(|data| InitData {
            name: data.name.clone(),
            place: data.place.clone(),
        });
        let example = made.example.iter().map(|(path, _)| path);
        InitDocument {
            file: self.file.clone(),
            stack: stack.name.clone(),
            script: stack.script.clone(),
            args: stack.args.clone(),
            data: data.collect(),
            packages: stack.packages.clone(),
            required: stack.unmet.clone(),
            written: example.chain([&self.file]).cloned().collect(),
        }
    }
}

/// The script of the stack: job.py, or the one that the user chooses. `None` for an example.
fn choose_script(stack: &Path, may_ask: bool) -> Option<PathBuf> {
    let folder = stack.parent().unwrap_or(Path::new(""));
    let usual = folder.join("job.py");
    if usual.is_file() {
        return Some(usual);
    }
    let scripts = scripts(folder);
    if !may_ask || scripts.is_empty() {
        return None;
    }
    let mut question = "Which script runs on the cluster?\n".to_owned();
    for (number, script) in (1..).zip(&scripts) {
        let _ = writeln!(question, "  {number}  {}", script.display());
    }
    question.push_str("Its number (empty: a new example): ");
    let answer = prompt::ask(&question)?;
    let number: usize = answer.trim().parse().ok()?;
    scripts.into_iter().nth(number.checked_sub(1)?)
}

/// The Python scripts of a folder that are no tests or modules.
fn scripts(folder: &Path) -> Vec<PathBuf> {
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let is_script = |name: &String| {
        name.ends_with(".py") && !name.starts_with(['_', '.']) && !name.starts_with("test")
    };
    let entries = fs::read_dir(here).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(is_script).collect();
    names.sort();
    names.truncate(MAX_SCRIPTS);
    names.into_iter().map(|name| folder.join(name)).collect()
}

fn ask_for_data() -> Vec<String> {
    let question = "Which data does it read? A file, a folder, s3://… (empty: none): ";
    let answer = prompt::ask(question).unwrap_or_default();
    let answer = answer.trim();
    if answer.is_empty() {
        Vec::new()
    } else {
        vec![answer.to_owned()]
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

/// What `init` has written.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct InitDocument {
    /// The stack's file.
    file: PathBuf,
    /// The name of the stack.
    stack: StackName,
    /// The script that it runs.
    script: String,
    /// The arguments of the script.
    args: Vec<String>,
    /// The data that the script reads.
    data: Vec<InitData>,
    /// The Python packages that the script imports.
    packages: Vec<String>,
    /// The arguments that the script requires, and whose values are not known.
    required: Vec<String>,
    /// The files that were written.
    written: Vec<PathBuf>,
}

/// Data that a stack reads.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct InitData {
    /// Its name in the stack.
    name: DataName,
    /// Where it is.
    place: String,
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
