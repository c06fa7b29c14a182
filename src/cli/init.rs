//! `init`: a commented stack to begin with.

use super::args::InitArgs;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::text;
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

pub(super) fn run(args: &InitArgs, screen: &Screen) -> Result<Exit, Failure> {
    let path = &args.file;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(path)?,
    };
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    let written = made.and_then(|mut file| {
        let written = file.write_all(text::template(&name).as_bytes());
        if written.is_err() {
            // Ours, and half a stack would be in the way of the next try.
            let _ = fs::remove_file(path);
        }
        written
    });
    written.map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            return Failure::input(format!("{} is there already", path.display()))
                .hint("give the name of a new file");
        }
        Failure::new(Exit::Failed, format!("cannot write {}", path.display()))
            .caused_by(&error)
            .hint("name a file in a folder that has room and is yours to write in")
            .hint(Command::other("df -h ."))
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

/// A file with a name of its own gives the stack that name; `stack.yaml`, which every folder may
/// have, the name of its folder.
fn name_of(path: &Path) -> Result<StackName, Failure> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = whole.parent().and_then(Path::file_name);
    let said = match folder {
        Some(folder) if stem == "stack" => folder.to_string_lossy(),
        _ => stem,
    };
    plain(&said).parse().map_err(|error| {
        Failure::input(format!("{said:?} does not make a stack's name"))
            .caused_by(&error)
            .hint("give the stack a name: --name")
    })
}

/// Of the letters and digits of a text, as far as they go into a name.
fn plain(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' => name.push(c),
            '0'..='9' if !name.is_empty() => name.push(c),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    name.truncate(40);
    name.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_the_name_that_no_other_folder_gives() {
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
