//! `status --watch`: stacks as they are now, again and again, on a screen with keys; in a pipe a line for
//! each change.

mod keys;

use super::prompt::ask;
use super::verb::Finished;
use super::view::live_log::LiveLog;
use super::view::watch::{Watched, lines, states};
use super::{stderr, stopped};
use crate::app::environment::Environment;
use crate::app::failure::{Exit, Failure};
use crate::app::recorded_costs;
use crate::app::target::Target;
use crate::model::clock::Clock;
use crate::model::name::StackName;
use crate::run::clock::SystemClock;
use crate::run::job_watch::JobWatch;
use keys::{Key, Keys};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::time::Duration;
use tokio::time::Instant;

/// How often keys are read and the screen is drawn, if it has changed.
const TICK: Duration = Duration::from_millis(200);

/// After how many rounds over all stacks new ones are looked for.
const ROUNDS_PER_LIST: u32 = 10;

/// The stacks that are watched.
pub(super) struct Watch<'a> {
    target: &'a Target<'a>,
    /// The only stack, if one is named.
    named: Option<StackName>,
    /// The flags that name the policies, for extensions.
    policies: Vec<String>,
    all: Vec<Watched>,
    jobs: BTreeMap<StackName, (JobWatch, LiveLog)>,
    /// What was written to a pipe.
    said: BTreeSet<String>,
    chosen: usize,
    next: usize,
    rounds: u32,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        target: &'a Target<'a>,
        named: Option<StackName>,
        policies: Vec<String>,
    ) -> Self {
        Self {
            target,
            named,
            policies,
            all: Vec::new(),
            jobs: BTreeMap::new(),
            said: BTreeSet::new(),
            chosen: 0,
            next: 0,
            rounds: 0,
        }
    }

    /// Watches until `q` or a signal.
    pub(super) async fn run(mut self) -> Result<Finished, Failure> {
        let is_screen = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let keys = if is_screen { Keys::open() } else { None };
        let watched = stopped::or(self.follow(is_screen, keys.as_ref())).await;
        stderr::erase();
        drop(keys);
        match watched {
            Some(Err(failure)) => Err(failure),
            Some(Ok(())) => Ok(Finished::without_document(Exit::Done)),
            None => Ok(Finished::without_document(Exit::Interrupted)),
        }
    }

    async fn follow(&mut self, is_screen: bool, keys: Option<&Keys>) -> Result<(), Failure> {
        let mut due = Instant::now();
        loop {
            if Instant::now() >= due {
                self.poll().await?;
                // One stack at a time, so that many take as many calls as one that is followed.
                due = Instant::now() + self.target.cloud.pause(self.rounds);
            }
            for key in keys.map(Keys::pressed).unwrap_or_default() {
                if key == Key::Quit {
                    return Ok(());
                }
                self.press(key, keys)?;
            }
            if is_screen {
                self.draw(keys.is_some());
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Observes the next stack.
    async fn poll(&mut self) -> Result<(), Failure> {
        if self.next >= self.all.len() {
            self.next = 0;
            if self.rounds.is_multiple_of(ROUNDS_PER_LIST) {
                self.list().await?;
            }
            self.rounds = self.rounds.saturating_add(1);
        }
        let Some(watched) = self.all.get(self.next) else {
            return Ok(());
        };
        let stack = watched.stack.clone();
        let observed = self.observe(&stack).await;
        self.say(&observed);
        if let Some(place) = self.all.get_mut(self.next) {
            *place = observed;
        }
        self.next += 1;
        Ok(())
    }

    /// Finds the stacks; those that are known stay as they are.
    async fn list(&mut self) -> Result<(), Failure> {
        let stacks = match &self.named {
            Some(stack) => vec![stack.clone()],
            None => self.target.cloud.stacks().await?,
        };
        let mut known: BTreeMap<StackName, Watched> = self
            .all
            .drain(..)
            .map(|it| (it.stack.clone(), it))
            .collect();
        let new = |stack: StackName| Watched {
            stack,
            cluster: None,
            job: None,
            unread: None,
        };
        let all = stacks.into_iter();
        self.all = all
            .map(|stack| known.remove(&stack).unwrap_or_else(|| new(stack)))
            .collect();
        self.chosen = self.chosen.min(self.all.len().saturating_sub(1));
        if self.all.is_empty() && self.rounds == 0 {
            let place = self.target.place.in_words();
            self.target
                .session
                .reporter
                .say(&format!("no stacks {place}"));
        }
        Ok(())
    }

    async fn observe(&mut self, stack: &StackName) -> Watched {
        let mut watched = Watched {
            stack: stack.clone(),
            cluster: None,
            job: None,
            unread: None,
        };
        let cloud = &*self.target.cloud;
        match cloud.watch(stack).await {
            Ok(clusters) => watched.cluster = clusters.into_iter().next_back(),
            Err(error) => watched.unread = Some(error.to_string()),
        }
        let live = watched.cluster.as_ref().filter(|it| it.state.is_live());
        if let Some(cluster) = live
            && let Some(step) = cluster.steps.last()
        {
            let new = || {
                let earlier = recorded_costs::earlier(stack, self.target);
                (JobWatch::new(earlier), LiveLog::default())
            };
            let (job, _) = self.jobs.entry(stack.clone()).or_insert_with(new);
            watched.job = Some(job.observe(cloud, &SystemClock, cluster, &step.job).await);
        }
        watched
    }

    /// Writes to a pipe what has changed.
    fn say(&mut self, watched: &Watched) {
        if std::io::stderr().is_terminal() && std::io::stdout().is_terminal() {
            return;
        }
        let at = SystemClock.now().format("%TZ");
        let reporter = &self.target.session.reporter;
        for line in states(watched) {
            if self.said.insert(line.clone()) {
                reporter.text(&format!("{at} {line}"));
            }
        }
        let log = self.jobs.get_mut(&watched.stack);
        if let Some((job, (_, log))) = watched.job.as_ref().zip(log) {
            for line in log.lines(job) {
                reporter.text(&format!("{at} {}: {}", watched.stack, line.trim_start()));
            }
        }
    }

    fn draw(&self, has_keys: bool) {
        let (width, height) = stderr::size();
        let size = (width.saturating_sub(1), height.saturating_sub(1).max(1));
        let now = SystemClock.now();
        stderr::draw(lines(&self.all, self.chosen, has_keys, now, size));
    }

    fn press(&mut self, key: Key, keys: Option<&Keys>) -> Result<(), Failure> {
        match key {
            Key::Up => self.chosen = self.chosen.saturating_sub(1),
            Key::Down => {
                let last = self.all.len().saturating_sub(1);
                self.chosen = (self.chosen + 1).min(last);
            }
            Key::Logs => self.command("logs", keys, || Some(Vec::new()))?,
            Key::Extend => {
                let more = || extension().map(|given| [given, self.policies.clone()].concat());
                self.command("extend", keys, more)?;
            }
            Key::End => self.command("destroy", keys, || Some(Vec::new()))?,
            Key::Quit => {}
        }
        Ok(())
    }

    /// Runs another command on the chosen stack, as if it were typed: it asks and refuses as always.
    fn command(
        &self,
        verb: &str,
        keys: Option<&Keys>,
        more: impl FnOnce() -> Option<Vec<String>>,
    ) -> Result<(), Failure> {
        let Some(watched) = self.all.get(self.chosen) else {
            return Ok(());
        };
        stderr::erase();
        if let Some(keys) = keys {
            keys.pause();
        }
        if let Some(more) = more() {
            let mut command = std::process::Command::new(Environment::program()?);
            command.arg(verb).arg(watched.stack.as_str());
            command.args(self.target.place.flags()).args(more);
            let status = command.status();
            if let Err(error) = status {
                let failure = Failure::new(Exit::Failed, format!("cannot run {verb}"));
                return Err(failure.caused_by(&error));
            }
            ask("Press Enter to go on watching. ");
        }
        if let Some(keys) = keys {
            keys.resume();
        }
        Ok(())
    }
}

/// Asks for the flags of an extension; `None` if nothing is to be extended.
fn extension() -> Option<Vec<String>> {
    let to = ask("New lifetime from its start (4h), or new budget ($5); nothing to go back: ")?;
    let to = to.trim();
    if to.is_empty() {
        return None;
    }
    let flag = if to.starts_with('$') {
        "--budget"
    } else {
        "--max-lifetime"
    };
    let why = ask("Why, which is recorded: ")?;
    let words = [flag, to, "--why", why.trim()];
    Some(words.map(str::to_owned).to_vec())
}
