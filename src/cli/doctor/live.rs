//! `doctor --live`: says what it makes and costs, asks, and shows what was seen of each belief.

use crate::app::failure::Failure;
use crate::app::live::{Checked, Kind, Live, Tried};
use crate::app::session::Session;
use crate::app::target::TargetChoice;
use crate::cli::prompt::consent;
use crate::cli::view;
use crate::cli::view::figures::cents;
use crate::cli::view::words::wrap;
use crate::model::belief::Verdict;
use crate::model::money::Usd;
use crate::model::name::Region;
use serde::Serialize;

/// What was tried out on an account. It holds no name, id or account, so that it can be passed on.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct LiveDocument {
    /// The version of clusterup.
    version: &'static str,
    /// The most that the clusters could cost.
    most: Usd,
    /// What they have cost; null if that is not known.
    cost: Option<Usd>,
    /// Whether no belief is false.
    pub(super) holds: bool,
    /// What was seen of each belief.
    beliefs: Vec<Checked>,
}

/// What was tried out, and in which region; `None` if the answer to the question was no.
pub(super) async fn run(
    choice: &TargetChoice,
    yes: bool,
    session: &Session,
) -> Result<Option<(LiveDocument, Option<Region>)>, Failure> {
    let progress = session.reporter.progress();
    let live = Live::open(choice, session, &*progress).await?;
    progress.clear();
    let question = propose(&live, session);
    if !consent(&question, yes, &session.environment)? {
        return Ok(None);
    }
    let Tried { beliefs, cost } = live.run(&*progress).await?;
    session.reporter.text(&view::beliefs::render(&beliefs));
    if let Some(cost) = cost {
        let cost = cents(cost);
        session.reporter.text(&format!("the clusters cost {cost}"));
    }
    let document = LiveDocument {
        version: env!("CARGO_PKG_VERSION"),
        most: live.most,
        cost,
        holds: conclude(&beliefs, session),
        beliefs,
    };
    Ok(Some((document, live.region().cloned())))
}

/// Says what will be done and what it costs. Returns the question.
fn propose(live: &Live<'_>, session: &Session) -> String {
    let reporter = &session.reporter;
    let most = cents(live.most);
    let region = live
        .region()
        .map_or(String::new(), |it| format!(" in {it}"));
    let stacks: Vec<String> = Kind::ALL.iter().map(ToString::to_string).collect();
    let stacks = stacks.join(", ");
    let what = format!(
        "This makes three clusters of one m5.xlarge{region}, as stacks {stacks}. They end by EMR's \
         idle policy, by a schedule and by a power-off, each alone, while they are watched. Then \
         everything of these stacks is removed."
    );
    reporter.text(&wrap(&what, 0));
    let cost = format!(
        "It takes about 45 minutes and costs at most {most}. Guardrails end each cluster, and their \
         budgets are $0.99 together."
    );
    reporter.text(&wrap(&cost, 0));
    if !live.left.is_empty() {
        let left = live.left.join(", ");
        let left = format!("An earlier run has left {left}: that is removed first.");
        reporter.text(&wrap(&left, 0));
    }
    format!("This changes your AWS account{region} and costs at most {most}. Continue?")
}

/// The last lines: how many beliefs are true, and which are not. Returns whether none is false.
fn conclude(beliefs: &[Checked], session: &Session) -> bool {
    let of = |verdict: Verdict| {
        let some = beliefs.iter().filter(move |it| it.verdict == verdict);
        some.map(|it| it.belief.as_str()).collect::<Vec<_>>()
    };
    let (right, wrong, unseen) = (of(Verdict::True), of(Verdict::False), of(Verdict::NotSeen));
    let reporter = &session.reporter;
    if !unseen.is_empty() {
        reporter.text(&wrap(&format!("not seen: {}", unseen.join(", ")), 0));
    }
    if wrong.is_empty() {
        let all = beliefs.len();
        reporter.text(&format!(
            "{} of {all} beliefs are true, none is false",
            right.len()
        ));
        return true;
    }
    reporter.text(&wrap(&format!("false: {}", wrong.join(", ")), 0));
    reporter.say("docs/unverified.md says what depends on them");
    reporter.say("please report it: add --output json, whose document has no names and ids");
    false
}
