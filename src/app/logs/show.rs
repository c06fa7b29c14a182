//! Shows the logs that are there now.

use super::request::{Report, Request, Sink};
use super::source::{Place, Source};
use super::stream::{Labels, Log, pass};
use super::{absent, containers};
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::cloud::{Ended, Tail};
use crate::diagnose::records::{Selection, masters};
use crate::model::shown::line;

/// How many logs are named that cannot be read to their end.
const MAX_WARNINGS: usize = 5;

/// Shows what the logs have now.
pub(crate) async fn show(
    request: &Request<'_>,
    session: &Session,
    sink: &mut dyn Sink,
) -> Result<Report, Failure> {
    let source = Source::open(request.given, request.choice, session).await?;
    if let Some(warning) = source.place.cut() {
        session.reporter.say(&warning);
    }
    let names = select(&source, &request.selection).await?;
    let files = source
        .place
        .fetch(&names, &request.selection, false)
        .await?;
    let logs = files.into_iter().zip(&names).enumerate();
    let logs = logs.map(|(label, (file, name))| Log {
        name: name.clone(),
        label,
        file,
        tail: Tail::default(),
    });
    let passed = pass(
        logs.collect(),
        &Labels::of(&names),
        &request.filter,
        false,
        sink,
    )
    .await?;
    warn(&names, &passed.ended, session);
    let (stack, cluster) = match source.place {
        Place::Cluster { stack, id, .. } => (stack, Some(id)),
        Place::Folder { .. } | Place::File(_) => (None, None),
    };
    Ok(Report {
        stack,
        cluster,
        logs: names,
    })
}

/// The names of the selected logs.
async fn select(source: &Source<'_>, selection: &Selection) -> Result<Vec<String>, Failure> {
    let mut selection = selection.clone();
    let is_plain = match &source.place {
        Place::File(_) => true,
        Place::Folder { has_layout, .. } => !has_layout,
        Place::Cluster { .. } => false,
    };
    if is_plain && (selection.step.is_some() || selection.executor.is_some()) {
        return Err(absent::layout());
    }
    selection.all |= is_plain;
    if containers::number(&selection).is_some() {
        let masters: Vec<String> = masters(source.names.iter()).into_iter().cloned().collect();
        let found = containers::find(&source.place, &selection, &masters).await?;
        selection.containers.extend(found.into_values());
    }
    let chosen = source.names.iter().filter(|name| selection.has(name));
    let chosen: Vec<String> = chosen.cloned().collect();
    if chosen.is_empty() {
        return Err(absent::of(
            &source.place.in_words(),
            &selection,
            &source.names,
        ));
    }
    Ok(chosen)
}

/// Names the logs that could not be read to their end.
fn warn(names: &[String], ended: &[Ended], session: &Session) {
    let problems = names.iter().zip(ended);
    let problems = problems.filter_map(|(name, ended)| problem(name, ended));
    let problems: Vec<String> = problems.collect();
    for problem in problems.iter().take(MAX_WARNINGS) {
        session.reporter.say(problem);
    }
    let more = problems.len().saturating_sub(MAX_WARNINGS);
    if more > 0 {
        session
            .reporter
            .say(&format!("warning: so are {more} more"));
    }
}

/// A warning that a log could not be read to its end; `None` if it was.
pub(super) fn problem(name: &str, ended: &Ended) -> Option<String> {
    let problem = ended.problem.as_ref()?;
    let what = if ended.tail.is_empty() {
        "cannot be read"
    } else {
        "is cut off"
    };
    Some(format!("warning: {} {what}: {problem}", line(name, 200)))
}
