//! Shows the logs that are there now.

use super::request::{Report, Request, Sink};
use super::source::{Place, Source};
use super::stream::{Labels, Log, pass};
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::cloud::{Ended, Tail};
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
    let names = source.select(&request.selection).await?;
    let files = source.place.fetch(&names).await?;
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

/// Names the logs that could not be read to their end.
fn warn(names: &[String], ended: &[Ended], session: &Session) {
    let problems = names.iter().zip(ended).filter_map(|(name, ended)| {
        let problem = ended.problem.as_ref()?;
        Some((line(name, 200), problem, ended.tail.is_empty()))
    });
    let problems: Vec<_> = problems.collect();
    for (name, problem, is_empty) in problems.iter().take(MAX_WARNINGS) {
        let what = if *is_empty {
            "cannot be read"
        } else {
            "is cut off"
        };
        session
            .reporter
            .say(&format!("warning: {name} {what}: {problem}"));
    }
    let more = problems.len().saturating_sub(MAX_WARNINGS);
    if more > 0 {
        session
            .reporter
            .say(&format!("warning: so are {more} more"));
    }
}
