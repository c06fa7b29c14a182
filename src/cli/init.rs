//! `init`: a commented stack to begin with.

use super::args::InitArgs;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::text;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

pub(super) fn run(args: &InitArgs, screen: &Screen) -> Result<Exit, Failure> {
    let path = &args.file;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(path)?,
    };
    let written = OpenOptions::new().write(true).create_new(true).open(path);
    let written = written.and_then(|mut file| file.write_all(text::template(&name).as_bytes()));
    written.map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            return Failure::input(format!("{} is there already", path.display()))
                .hint("give the name of a new file");
        }
        Failure::new(Exit::Failed, format!("cannot write {}", path.display())).caused_by(&error)
    })?;
    let shown = path.display();
    screen.text(&format!(
        "wrote {shown}\n\nput your script in job.py beside it, then"
    ));
    let file = path.display().to_string();
    let validate = Command::clusterup("validate").arg(&file);
    let apply = Command::clusterup("apply").arg(&file).arg("--local");
    screen.text(&screen.next(&validate, 2));
    screen.text(&screen.next(&apply, 2));
    screen.document("init", 0, json!({ "file": path, "stack": name }));
    Ok(Exit::Done)
}

fn name_of(path: &std::path::Path) -> Result<StackName, Failure> {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let name: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    name.parse().map_err(|error| {
        Failure::input(format!("{stem:?} does not make a stack's name"))
            .caused_by(&error)
            .hint("give the stack a name: --name")
    })
}
