//! Shows logs as they grow, until their cluster has ended.

use super::absent;
use super::followed::Followed;
use super::live::Live;
use super::request::{Report, Request, Sink};
use super::source::Place;
use crate::app::diagnosis::Given;
use crate::app::failure::Failure;
use crate::app::given_stack::GivenStack;
use crate::app::session::Session;
use crate::app::target::Target;
use crate::model::name::{ClusterId, StackName};
use tokio::time::Instant;

/// Shows logs as they grow, until their cluster has ended or the sink wants no more.
pub(crate) async fn follow(
    request: &Request<'_>,
    session: &Session,
    sink: &mut dyn Sink,
) -> Result<Report, Failure> {
    if request.live.is_some() && !matches!(request.given, Given::Stack(_)) {
        return Err(absent::not_live(request.given));
    }
    let (target, stack, id) = cluster(request, session).await?;
    let mut live = None;
    match request.live.filter(|_| target.costs()) {
        Some(ssh) => live = Some(Live::new(ssh, session)?),
        None if target.costs() => session.reporter.say(&format!(
            "{}: lines appear as late as that",
            absent::UPLOADS
        )),
        None => {}
    }
    let place = Place::Cluster { target, stack, id };
    let mut followed = Followed::new(session, live);
    let mut quiet = 0;
    for polls in 0.. {
        let Some(state) = followed.poll(&place, request, sink).await? else {
            break;
        };
        quiet = if state.is_quiet { quiet + 1 } else { 0 };
        if !state.goes_on {
            break;
        }
        if state.polls_after_end.is_some_and(|polls| quiet >= polls) {
            match state.absent {
                Some(absent) if followed.names().is_empty() => return Err(absent),
                Some(_) | None => break,
            }
        }
        if let Place::Cluster { target, .. } = &place {
            let until = Instant::now() + target.cloud.pause(polls);
            if !followed.wait(until, &place, request, sink).await? {
                break;
            }
        }
    }
    followed.finish(&request.filter, sink);
    let (stack, cluster) = match place {
        Place::Cluster { stack, id, .. } => (stack, Some(id)),
        Place::Folder { .. } | Place::File(_) => (None, None),
    };
    Ok(Report {
        stack,
        cluster,
        logs: followed.names().to_vec(),
    })
}

/// The cluster to follow: of a stack, the living one or else the newest.
async fn cluster<'a>(
    request: &Request<'_>,
    session: &'a Session,
) -> Result<(Target<'a>, Option<StackName>, ClusterId), Failure> {
    match request.given {
        Given::Stack(stack) => {
            let given = GivenStack::open(stack, request.choice, session).await?;
            let observed = given.observe("logs").await?;
            let cluster = observed.live().or_else(|| observed.latest());
            let cluster = cluster.ok_or_else(|| absent::no_cluster(&given.name))?;
            let id = cluster.id.clone();
            Ok((given.target, Some(given.name), id))
        }
        Given::Cluster(id) => {
            let target = Target::open(request.choice, None, session).await?;
            Ok((target, None, id.clone()))
        }
        Given::Folder(_) | Given::File(_) | Given::Input => Err(absent::not_followed()),
    }
}
