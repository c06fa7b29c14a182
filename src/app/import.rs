//! Imports what other tools made as a stack.

use super::environment::region;
use super::failure::Failure;
use super::preflight;
use super::session::Session;
use crate::disk;
use crate::import::{self, Fate, Form, Imported, Options, Refused};
use crate::model::hint::Command;
use crate::model::name::{ClusterId, Region};
use crate::model::shown::line;
use crate::text;
use std::io::{self, Read};
use std::path::Path;

/// What is imported, as a word of the command line: a file, `-` for standard input, or a cluster's id.
pub(crate) async fn import(
    source: &str,
    options: Options,
    session: &Session,
) -> Result<Imported, Failure> {
    if let Some(id) = cluster_id(source, options.form)? {
        return cluster(&id, options, session).await;
    }
    let name = if source == "-" {
        "standard input"
    } else {
        source
    };
    let shown = line(name, 200);
    let bytes = read(source).map_err(|error| {
        Failure::input(format!("cannot read {shown}"))
            .caused_by(&error)
            .hint("give a file with a request, - for standard input, or a cluster's id")
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
            let default_region = Some(default_region(&shown, session).await?);
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

/// The id, if a word of the command line is a cluster's id of EMR and no file: `j-` and capital letters
/// and digits.
fn cluster_id(word: &str, form: Option<Form>) -> Result<Option<ClusterId>, Failure> {
    let is_file = || Path::new(word).symlink_metadata().is_ok();
    let may_be_id = form.is_none_or(|form| form == Form::Cluster) && !is_file();
    let Some(rest) = word.strip_prefix("j-").filter(|_| may_be_id) else {
        return Ok(None);
    };
    let is_id = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let id = word
        .parse()
        .ok()
        .filter(|_| rest.bytes().all(is_id) && !rest.is_empty());
    id.map(Some).ok_or_else(|| {
        let shown = line(word, 200);
        Failure::input(format!("{shown} is neither a file nor the id of a cluster"))
            .hint("an id is j- and capital letters and digits, such as j-2AB3CD4EF5GH6")
    })
}

/// Imports a cluster, alive or ended in the last two months, as EMR describes it. Only reads.
async fn cluster(id: &ClusterId, options: Options, session: &Session) -> Result<Imported, Failure> {
    let what = format!("cluster {id}");
    let region = match &options.region {
        Some(region) => region.clone(),
        None => default_region(&what, session).await?,
    };
    if let Some(complaint) = preflight::region(&region, &session.environment) {
        let failure = Failure::input(complaint.message);
        return Err(complaint.help.into_iter().fold(failure, Failure::hint));
    }
    let Some(found) = session.environment.description(&region, id).await? else {
        return Err(Failure::input(format!("EMR knows no {what} in {region}"))
            .hint("it may be in another region, or have ended more than two months ago")
            .hint(Command::other("aws emr list-clusters --region").arg(region.as_str())));
    };
    let not_given = found.refused.into_iter().map(|(key, why)| {
        let why = format!("EMR did not say whether the cluster has one: {why}");
        (key.to_owned(), why)
    });
    let options = Options {
        form: Some(Form::Cluster),
        region: Some(region),
        not_given: not_given.collect(),
        ..options
    };
    let made = import::import(&found.document, &options, &session.environment.catalog());
    made.map_err(|refused| failure(refused, &what))
}

async fn default_region(source: &str, session: &Session) -> Result<Region, Failure> {
    let known = region::known_region(&session.environment).await;
    known.ok_or_else(|| failure(Refused::Region, source))
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
                 -json` or `aws emr describe-cluster` prints, a template of CloudFormation, a record \
                 of CloudTrail, or a cluster's id",
            )
        }
        Refused::Clusters(names) => choose(
            format!("{source} has several clusters: choose one of them"),
            names,
        ),
        Refused::NoCluster { wanted, names } => choose(
            format!("{source} has no cluster named {wanted}, but these"),
            names,
        ),
        Refused::Region => {
            Failure::input(format!("{source} does not say its region, and none is set"))
                .hint(Command::again().args("--region us-east-1"))
        }
        Refused::Stack(found) => {
            let mut failure = Failure::input(format!("no stack can be made of {source}"));
            failure.diagnostics = Some(found);
            failure.hint("correct this part of the request, and import it again")
        }
    }
}

/// The error that lists the clusters of a document, with the command that chooses the first.
fn choose(message: String, names: Vec<String>) -> Failure {
    let mut failure = Failure::input(message);
    failure.causes.clone_from(&names);
    names.into_iter().take(1).fold(failure, |failure, name| {
        let again = Command::again_with_words(["--cluster".to_owned(), name]);
        failure.hint(again.without("--cluster", 1))
    })
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
