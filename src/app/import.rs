//! Imports what other tools made as a stack.

use super::environment::region;
use super::failure::Failure;
use super::session::Session;
use crate::disk;
use crate::import::{self, Fate, Imported, Options, Refused};
use crate::model::hint::Command;
use crate::model::shown::line;
use crate::text;
use std::io::{self, Read};
use std::path::Path;

/// What is imported, as a word of the command line: a file, or `-` for standard input.
pub(crate) async fn import(
    source: &str,
    options: Options,
    session: &Session,
) -> Result<Imported, Failure> {
    let name = if source == "-" {
        "standard input"
    } else {
        source
    };
    let shown = line(name, 200);
    let bytes = read(source).map_err(|error| {
        Failure::input(format!("cannot read {shown}"))
            .caused_by(&error)
            .hint("give a file with a request, or - for standard input")
    })?;
    let document = text::decode(&shown, bytes).map_err(|found| {
        let mut failure = Failure::input(format!("cannot read {shown}"));
        failure.diagnostics = Some(Box::new(found));
        failure
    })?;
    let catalog = session.environment.catalog();
    match import::import(&document, &options, &catalog) {
        // Only now, since the profile's files are read for it.
        Err(Refused::Region) => {
            let default_region = Some(region::default_region().await?);
            let options = Options {
                default_region,
                ..options
            };
            import::import(&document, &options, &catalog)
        }
        made => made,
    }
    .map_err(|refused| failure(refused, &shown))
}

fn read(source: &str) -> io::Result<Vec<u8>> {
    // One byte more shows that it is too long.
    let most = import::MAX_BYTES as u64 + 1;
    if source == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    disk::bytes(Path::new(source), most)
}

fn failure(refused: Refused, source: &str) -> Failure {
    match refused {
        Refused::Document(wrong) => {
            let place = format!("{}: {}", wrong.place, wrong.message);
            Failure::input(format!("no stack can be made of {source}: {place}")).hint(
                "give RunJobFlow's JSON, a line of `aws emr create-cluster`, what `terraform show \
                 -json` or `aws emr describe-cluster` prints, or a template of CloudFormation",
            )
        }
        Refused::Region => Failure::input(format!("{source} does not say in which region it runs"))
            .hint(Command::again().args("--region us-east-1")),
        Refused::Stack(found) => {
            let mut failure = Failure::input(format!("no stack can be made of {source}"));
            failure.diagnostics = Some(found);
            failure.hint("correct this part of the request, and import it again")
        }
    }
}

/// Refuses a stack with which the job or the cluster would do something else.
pub(crate) fn check(imported: &Imported) -> Result<(), Failure> {
    let fatal = imported
        .losses
        .iter()
        .filter(|loss| loss.fate == Fate::Fatal);
    let causes: Vec<String> = fatal
        .map(|loss| format!("{}: {}", loss.place, loss.reason))
        .collect();
    if causes.is_empty() {
        return Ok(());
    }
    let message = "the stack would not do what was imported";
    let mut failure = Failure::input(message)
        .hint("change these parts, or write the stack without them, each with a comment")
        .hint(Command::again_with("--lossy"));
    failure.causes = causes;
    Err(failure)
}
