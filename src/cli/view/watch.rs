//! Stacks that are watched: a line for each, and the chosen one in full; in a pipe a line for each change.

use super::live;
use super::words::long;
use crate::guard;
use crate::model::job_now::JobNow;
use crate::model::name::StackName;
use crate::model::observed::{Cluster, StepState};
use crate::model::shown::line;
use chrono::{DateTime, Utc};

/// A stack as it was observed last.
pub(in crate::cli) struct Watched {
    pub(in crate::cli) stack: StackName,
    /// Its newest cluster.
    pub(in crate::cli) cluster: Option<Cluster>,
    /// What its job does, if its cluster lives and has one.
    pub(in crate::cli) job: Option<JobNow>,
    /// Why it could not be observed, if it could not.
    pub(in crate::cli) unread: Option<String>,
}

/// The most characters of a stack's name.
const MAX_NAME: usize = 28;

/// The lines of a screen of this width and height.
pub(in crate::cli) fn lines(
    all: &[Watched],
    chosen: usize,
    has_keys: bool,
    at: DateTime<Utc>,
    (width, height): (usize, usize),
) -> Vec<String> {
    let mut lines = Vec::new();
    let names = all.iter().map(|it| it.stack.as_str().len());
    let names = names.max().unwrap_or(0).min(MAX_NAME);
    // Half of the screen is for the chosen stack.
    let rows = (height / 2).max(3);
    let first = (chosen + 1).saturating_sub(rows);
    for (index, watched) in all.iter().enumerate().skip(first).take(rows) {
        let mark = if index == chosen { '>' } else { ' ' };
        let name = line(watched.stack.as_str(), MAX_NAME);
        lines.push(format!("{mark} {name:names$}  {}", row(watched, at)));
    }
    if all.len() > rows {
        lines.push(format!("  {} of {} stacks", rows, all.len()));
    }
    if let Some(job) = all.get(chosen).and_then(|watched| watched.job.as_ref()) {
        lines.push(String::new());
        lines.extend(live::lines(job, at, width));
    }
    if has_keys {
        lines.push(String::new());
        lines.push("j/k choose  l logs  e extend  d end  q quit".to_owned());
    }
    lines.truncate(height);
    lines.iter().map(|line| live::cut(line, width)).collect()
}

/// What a stack does, in one line.
fn row(watched: &Watched, at: DateTime<Utc>) -> String {
    if let Some(why) = &watched.unread {
        return format!("cannot be read: {}", line(why, 200));
    }
    let Some(cluster) = &watched.cluster else {
        return "no cluster".to_owned();
    };
    let spent = guard::spent(cluster, at).map(|bill| format!(", {}", bill.total.up_to(4)));
    let spent = spent.unwrap_or_default();
    let state = cluster.state.as_str();
    if let Some(ended) = cluster.ended_at {
        let end = cluster.end.as_ref();
        let why = end.map_or(String::new(), |end| format!(": {}", end.message));
        return format!("ended {} ago{spent}{why}", long(at - ended));
    }
    let age = long(at - cluster.created_at);
    let deadline = guard::deadline(at, cluster);
    let left = long(deadline.at - at);
    format!("{state} {age}{spent}, ends in {left} ({})", deadline.cause)
}

/// What a pipe says of a stack: a line for each of its states. Those that were said are not said again.
pub(in crate::cli) fn states(watched: &Watched) -> Vec<String> {
    let stack = &watched.stack;
    if let Some(why) = &watched.unread {
        return vec![format!("{stack}: cannot be read: {}", line(why, 200))];
    }
    let Some(cluster) = &watched.cluster else {
        return vec![format!("{stack}: no cluster")];
    };
    let end = cluster.end.as_ref();
    let why = end.map_or(String::new(), |end| format!(": {}", end.message));
    let (id, state) = (&cluster.id, cluster.state.as_str());
    let mut lines = vec![format!("{stack}: cluster {id} {state}{why}")];
    let begun = cluster
        .steps
        .iter()
        .filter(|step| step.state != StepState::Pending);
    lines.extend(begun.map(|step| {
        let state = serde_json::to_value(step.state).unwrap_or_default();
        let state = state.as_str().unwrap_or("?").to_owned();
        format!("{stack}: step {} of {id} {state}", step.name)
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::super::live::tests::{at, now};
    use super::*;

    fn watched(name: &str) -> Watched {
        let now = now(420, None);
        Watched {
            stack: name.parse().unwrap(),
            cluster: Some(now.cluster.clone()),
            job: Some(now),
            unread: None,
        }
    }

    fn without_cluster(name: &str) -> Watched {
        Watched {
            cluster: None,
            job: None,
            ..watched(name)
        }
    }

    #[test]
    fn the_chosen_stack_is_shown_in_full() {
        let all = [without_cluster("films"), watched("movies")];
        let shown = lines(&all, 1, true, at(420), (80, 24));
        assert_eq!(shown[0], "  films   no cluster");
        let row = "> movies  RUNNING 7m 0s, $";
        assert!(shown[1].starts_with(row), "{}", shown[1]);
        assert!(
            shown[1].ends_with("ends in 1h 53m (max_lifetime)"),
            "{}",
            shown[1]
        );
        assert_eq!(shown[3], "movies: step 2 of 2, running for 2m 0s");
        assert!(shown.last().unwrap().contains("q quit"));
        let other = lines(&all, 0, false, at(420), (80, 24));
        assert_eq!(other.len(), 2, "{other:?}");
    }

    #[test]
    fn many_stacks_fit_a_small_terminal() {
        let all: Vec<Watched> = (0..50).map(|n| watched(&format!("stack-{n}"))).collect();
        for height in 1..30 {
            for chosen in [0, 25, 49] {
                let shown = lines(&all, chosen, true, at(420), (60, height));
                assert!(shown.len() <= height);
                assert!(shown.iter().all(|line| line.chars().count() <= 60));
                let marked = shown.iter().any(|line| line.starts_with("> "));
                assert!(marked || height < 3, "{height} {chosen} {shown:?}");
            }
        }
    }

    #[test]
    fn a_pipe_gets_each_state_with_its_cluster() {
        let mut movies = watched("movies");
        let said = states(&movies);
        assert_eq!(
            said,
            [
                "movies: cluster j-1 RUNNING",
                "movies: step load of j-1 COMPLETED",
                "movies: step similarities of j-1 RUNNING",
            ]
        );
        movies.job = None;
        assert_eq!(states(&movies), said, "what goes on is no state");
        movies.unread = Some("timed out\nforged line".to_owned());
        assert_eq!(
            states(&movies),
            ["movies: cannot be read: timed out forged line"]
        );
    }
}
