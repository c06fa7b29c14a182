//! From a stack's file, or name, to the stack.

use super::args::{StackArgs, TargetArgs};
use super::failure::{Exit, Failure};
use crate::model::name::StackName;
use crate::model::stack::Stack;
use crate::text;
use std::fs;
use std::path::Path;

pub(super) fn read(args: &StackArgs) -> Result<Stack, Failure> {
    let path = &args.stack;
    let content = fs::read_to_string(path).map_err(|error| {
        let failure = Failure::input(format!("cannot read the stack {}", path.display()));
        failure
            .caused_by(&error)
            .hint("write one to begin with: clusterup init")
    })?;
    // Paths in a stack are as from its own folder, wherever it is run from.
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let base = std::path::absolute(&base)
        .or_else(|_| std::env::current_dir())
        .unwrap_or(base);
    Ok(text::parse(
        &path.display().to_string(),
        &content,
        &base,
        &args.sets,
    )?)
}

/// The name of a stack that is given by its file or by its name.
pub(super) fn name(file_or_name: &str) -> Result<StackName, Failure> {
    if Path::new(file_or_name).is_file() {
        let args = StackArgs {
            stack: file_or_name.into(),
            sets: Vec::new(),
        };
        return Ok(read(&args)?.name);
    }
    file_or_name.parse().map_err(|_| {
        Failure::input(format!(
            "{file_or_name} is neither a stack's file nor a stack's name"
        ))
        .hint("see the names of those there are: clusterup status --local")
    })
}

/// This version runs stacks on this machine alone.
pub(super) fn need_local(target: &TargetArgs) -> Result<(), Failure> {
    if target.local {
        return Ok(());
    }
    Err(
        Failure::new(Exit::Input, "this version runs stacks on this machine only")
            .hint("add --local"),
    )
}
