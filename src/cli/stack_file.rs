//! From a stack's file, or name, to the stack.

use super::args::StackArgs;
use super::context::Context;
use super::failure::Failure;
use super::preflight;
use super::text_file::{self, Unread};
use crate::model::hint::Command;
use crate::model::name::{Region, StackName};
use crate::model::stack::Stack;
use crate::text::{self, Complaint, Named, Setting};
use std::io::ErrorKind;
use std::path::Path;

pub(super) fn read(args: &StackArgs) -> Result<Stack, Failure> {
    Ok(read_with_text(args)?.0)
}

/// A stack that is to be made: what it names has to be there as well.
pub(super) fn read_whole(args: &StackArgs, context: &Context) -> Result<Stack, Failure> {
    Ok(read_seen(args, |names| preflight::look(names, context))?.0)
}

/// The stack, and its file as it is written.
pub(super) fn read_with_text(args: &StackArgs) -> Result<(Stack, String), Failure> {
    read_seen(args, |_| Vec::new())
}

fn read_seen(
    args: &StackArgs,
    look: impl FnOnce(Vec<Named>) -> Vec<(Named, Complaint)>,
) -> Result<(Stack, String), Failure> {
    let path = &args.stack;
    let content = text_file::read(path).map_err(|unread| {
        let gone = matches!(&unread, Unread::Io(error) if error.kind() == ErrorKind::NotFound);
        let speaks = matches!(unread, Unread::Text(_));
        let failure = unread.failure(format!("cannot read the stack {}", path.display()));
        if gone {
            let init = Command::clusterup("init").arg(path.display().to_string());
            return failure.hint("write one to begin with").hint(init);
        }
        if speaks {
            return failure;
        }
        failure.hint("name a stack's YAML file")
    })?;
    // Paths in a stack are as from its own folder, wherever it is run from.
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let base = std::path::absolute(&base)
        .or_else(|_| std::env::current_dir())
        .unwrap_or(base);
    if base.to_str().is_none() {
        let message = format!(
            "the folder of {} has a name that is no text",
            path.display()
        );
        return Err(Failure::input(message).hint("move the stack to a folder with a plain name"));
    }
    let sets: Vec<Setting> = args.sets.iter().map(from_here).collect();
    let wrong = look(text::named(&content, &base, &sets));
    let name = path.display().to_string();
    let mut stack = text::parse_seen(&name, &content, &base, &sets, &wrong)?;
    if let Some(results) = stack.job.as_mut().and_then(|job| job.results.as_mut())
        && let (Ok(rest), Some(home)) = (results.strip_prefix("~"), std::env::home_dir())
    {
        *results = home.join(rest);
    }
    Ok((stack, content))
}

/// A path on the command line is as from the current folder, unlike those in the stack.
fn from_here(setting: &Setting) -> Setting {
    let written = setting.to_string();
    let here = written.split_once('=').and_then(|(key, value)| {
        let relative =
            text::is_local_path(key) && !value.is_empty() && !value.starts_with(['/', '~']);
        let here = std::path::absolute(value).ok().filter(|_| relative)?;
        format!("{key}={}", here.to_str()?).parse().ok()
    });
    here.unwrap_or_else(|| setting.clone())
}

/// A stack that is given by its file or by its name; the file names its region too.
pub(super) fn name(file_or_name: &str) -> Result<(StackName, Option<Region>), Failure> {
    if Path::new(file_or_name).is_file() {
        let args = StackArgs {
            stack: file_or_name.into(),
            sets: Vec::new(),
        };
        let stack = read(&args)?;
        return Ok((stack.name, Some(stack.region)));
    }
    let name = file_or_name.parse().map_err(|_| {
        Failure::input(format!(
            "{file_or_name} is neither a stack's file nor a stack's name"
        ))
        .hint("see the names of those there are")
        .hint(Command::clusterup("status").target())
    })?;
    Ok((name, None))
}
