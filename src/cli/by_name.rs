//! `plan` and `apply` of a stack that is given by its name: its file is the one that it was last
//! applied from, by the same user on the same machine.

use super::args::{StackArgs, TargetArgs};
use super::context::Context;
use super::failure::Failure;
use super::stack_file;
use super::target::Target;
use super::unknown_stack;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::origin::Origin;
use std::path::{Path, PathBuf};

/// Puts the stack's file in place of its name; what is a path stays as it is.
///
/// # Errors
/// No such stack, or its file is not known, not this user's, gone, or another stack's by now.
pub(super) async fn to_file(
    verb: &str,
    args: &mut StackArgs,
    target: &TargetArgs,
    context: &Context,
) -> Result<(), Failure> {
    let Some(name) = name(&args.stack) else {
        return Ok(());
    };
    let target = Target::open(target, None, context).await?;
    let Some(origin) = target.cloud.origin(&name).await? else {
        return Err(unknown(verb, &name, &target).await);
    };
    args.stack = file(&name, &origin, &target, context)?;
    Ok(())
}

/// A stack's name that is no path of anything.
fn name(given: &Path) -> Option<StackName> {
    // A stack is often named after its folder.
    if given.symlink_metadata().is_ok() && !given.is_dir() {
        return None;
    }
    given.to_str()?.parse().ok()
}

async fn unknown(verb: &str, name: &StackName, target: &Target) -> Failure {
    let names = target.cloud.stacks().await.unwrap_or_default();
    if !names.contains(name) {
        let failure = unknown_stack::was(verb, name, target).await;
        return failure.hint(format!("there is no file {name} in this folder either"));
    }
    let place = target.place();
    Failure::input(format!(
        "the file of stack {name} {place} is not known: no record says where it was last applied from"
    ))
    .hint(GIVE_FILE)
}

/// The recorded file, if it is still that stack's.
fn file(
    name: &StackName,
    origin: &Origin,
    target: &Target,
    context: &Context,
) -> Result<PathBuf, Failure> {
    let file = PathBuf::from(origin.named.as_ref().unwrap_or(&origin.file));
    if origin.who != context.who {
        let who = &context.who;
        let message = format!("stack {name} was last applied {origin}, not by {who}");
        return Err(Failure::input(message).hint(GIVE_FILE));
    }
    let leads = file.canonicalize().ok();
    if !file.is_absolute() || leads.as_deref() != Some(Path::new(&origin.file)) || !file.is_file() {
        let message = format!("stack {name} was last applied {origin}, and that file is gone");
        return Err(Failure::input(message).hint(GIVE_FILE));
    }
    // Mistakes in the file are reported, all of them, when it is read with its settings.
    let Ok((now, region)) = stack_file::name(&file.display().to_string()) else {
        return Ok(file);
    };
    if now != *name {
        let message =
            format!("stack {name} was last applied {origin}, which holds stack {now} now");
        return Err(Failure::input(message).hint(GIVE_FILE));
    }
    let there = region.as_ref();
    let here = target.region.as_ref();
    match (there, here) {
        (Some(there), Some(here)) if there != here => Err(Failure::input(format!(
            "stack {name} in {here} was last applied {origin}, which says region {there} now"
        ))
        .hint("plan what its file describes")
        .hint(Command::clusterup("plan").arg(&origin.file))),
        _ => Ok(file),
    }
}

const GIVE_FILE: &str = "give the path of the stack's YAML file instead of its name";
