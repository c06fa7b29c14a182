//! `plan` and `apply` of a stack that is given by name: its file is the one that the same user last
//! applied it from on the same machine.

use super::failure::Failure;
use super::session::Session;
use super::stack_file::{self, StackFile};
use super::target::{Target, TargetChoice};
use super::unknown_stack;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::origin::Origin;
use std::path::{Path, PathBuf};

/// Returns the file of a stack that is given by its name, with its content; a path stays as it is.
///
/// # Errors
/// Returns an error if the stack does not exist, or if its file is unknown, was applied by another
/// user, is gone, or describes another stack now.
pub(crate) async fn to_file(
    verb: &str,
    given: StackFile,
    choice: &TargetChoice,
    session: &Session,
) -> Result<StackFile, Failure> {
    let Some(name) = name(&given.path) else {
        return Ok(given);
    };
    let target = Target::open(choice, None, session).await?;
    let Some(origin) = target.cloud.origin(&name).await? else {
        return Err(missing_file(verb, &name, &target).await);
    };
    let (path, text) = file(&name, &origin, &target)?;
    Ok(StackFile {
        path,
        text,
        ..given
    })
}

/// The file from which this user last applied a stack on this machine, if it is still there and still
/// that stack's.
pub(crate) async fn last_file(name: &StackName, target: &Target<'_>) -> Option<StackFile> {
    let origin = target.cloud.origin(name).await.ok()??;
    let (path, text) = file(name, &origin, target).ok()?;
    Some(StackFile {
        text,
        ..StackFile::new(path)
    })
}

/// Parses a stack's name; `None` if it is the path of a file.
fn name(file_or_name: &Path) -> Option<StackName> {
    // A stack is often named after its folder.
    if file_or_name.symlink_metadata().is_ok() && !file_or_name.is_dir() {
        return None;
    }
    file_or_name.to_str()?.parse().ok()
}

async fn missing_file(verb: &str, name: &StackName, target: &Target<'_>) -> Failure {
    let names = target.cloud.stacks().await.unwrap_or_default();
    if !names.contains(name) {
        let failure = unknown_stack::failure(verb, name, target).await;
        return failure.hint(format!("this folder has no file {name} either"));
    }
    let place = target.place.in_words();
    Failure::input(format!(
        "it is not recorded from which file stack {name} {place} was last applied"
    ))
    .hint(GIVE_FILE)
}

/// The recorded file, if it is still that stack's, and its content unless it has mistakes.
fn file(
    name: &StackName,
    origin: &Origin,
    target: &Target<'_>,
) -> Result<(PathBuf, Option<String>), Failure> {
    let file = PathBuf::from(origin.named.as_ref().unwrap_or(&origin.file));
    if origin.who != target.session.environment.who {
        let who = &target.session.environment.who;
        let message = format!("stack {name} was last applied {origin}, not by {who}");
        return Err(Failure::input(message).hint(GIVE_FILE));
    }
    let real = file.canonicalize().ok();
    if !file.is_absolute() || real.as_deref() != Some(Path::new(&origin.file)) || !file.is_file() {
        let message = format!("stack {name} was last applied {origin}, and that file is gone");
        return Err(Failure::input(message).hint(GIVE_FILE));
    }
    // Mistakes in the file are reported when it is read with its settings.
    let Ok((stack, text)) = stack_file::read_with_text(&StackFile::new(&file)) else {
        return Ok((file, None));
    };
    let (now, there) = (stack.name, &stack.region);
    if now != *name {
        let message =
            format!("stack {name} was last applied {origin}, which now describes stack {now}");
        return Err(Failure::input(message).hint(GIVE_FILE));
    }
    match target.place.region() {
        Some(here) if there != here => Err(Failure::input(format!(
            "stack {name} in {here} was last applied {origin}, which now names region {there}"
        ))
        .hint("plan what its file describes")
        .hint(Command::clusterup("plan").arg(&origin.file))),
        Some(_) | None => Ok((file, Some(text))),
    }
}

const GIVE_FILE: &str = "give the path of the stack's YAML file instead of its name";
