//! Which containers of YARN are an executor, as the logs of the application masters say.

use super::request::{Shown, Sink};
use super::source::Place;
use super::stream::{Labels, Log, pass};
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::cloud::{LogVersion, Tail};
use crate::diagnose::records::{Filter, Selection, launched, launches, masters};
use std::collections::BTreeMap;

/// The logs of application masters that were searched so far: each until it names the container, and
/// each version once.
#[derive(Default)]
pub(super) struct Masters {
    searched: BTreeMap<String, (LogVersion, Option<String>)>,
    /// Whether it was said that they cannot be read.
    is_reported: bool,
}

impl Masters {
    /// Searches those of these logs that are new. What cannot be fetched now is searched the next
    /// time.
    pub(super) async fn search(
        &mut self,
        place: &Place<'_>,
        selection: &Selection,
        logs: &BTreeMap<String, LogVersion>,
        session: &Session,
    ) {
        let Some(executor) = number(selection) else {
            return;
        };
        let new = self.unsearched(logs);
        match find(place, selection, &new).await {
            Ok(found) => self.add(new, found, logs),
            Err(failure) if !self.is_reported => {
                self.is_reported = true;
                let problem = failure.message;
                session.reporter.say(&format!(
                    "warning: cannot search for the container of executor {executor}: {problem}"
                ));
            }
            Err(_) => {}
        }
    }

    /// The containers that were found.
    pub(super) fn found(&self) -> impl Iterator<Item = String> {
        let searched = self.searched.values();
        searched.filter_map(|(_, container)| container.clone())
    }

    /// The masters' logs that may say something new.
    fn unsearched(&self, logs: &BTreeMap<String, LogVersion>) -> Vec<String> {
        let is_new = |name: &&String| match self.searched.get(*name) {
            Some((version, None)) => logs.get(*name) != Some(version),
            Some((_, Some(_))) => false,
            None => true,
        };
        let new = masters(logs.keys()).into_iter().filter(is_new);
        new.cloned().collect()
    }

    fn add(
        &mut self,
        searched: Vec<String>,
        mut found: BTreeMap<String, String>,
        logs: &BTreeMap<String, LogVersion>,
    ) {
        for name in searched {
            if let Some(version) = logs.get(&name) {
                let container = found.remove(&name);
                self.searched.insert(name, (*version, container));
            }
        }
    }
}

/// The executor's number, if an executor is selected by it.
pub(super) fn number(selection: &Selection) -> Option<u32> {
    selection.executor.as_ref()?.parse().ok()
}

/// Searches the logs of application masters for the selected executor's container; returns it by the
/// log's name. A log that cannot be read says nothing.
pub(super) async fn find(
    place: &Place<'_>,
    selection: &Selection,
    masters: &[String],
) -> Result<BTreeMap<String, String>, Failure> {
    let Some(executor) = number(selection).filter(|_| !masters.is_empty()) else {
        return Ok(BTreeMap::new());
    };
    let mut found = Found {
        executor,
        containers: BTreeMap::new(),
    };
    let filter = Filter::new(Some(&launches(executor)), false);
    let filter =
        filter.map_err(|error| Failure::new(Exit::Failed, "cannot search").caused_by(&error))?;
    let files = place.fetch(masters, selection, false).await?;
    let logs = files.into_iter().zip(masters).map(|(file, name)| Log {
        name: name.clone(),
        label: 0,
        file,
        tail: Tail::default(),
    });
    pass(logs.collect(), &Labels::of(&[]), &filter, false, &mut found).await?;
    Ok(found.containers)
}

/// Keeps the last container that each log names.
struct Found {
    executor: u32,
    containers: BTreeMap<String, String>,
}

impl Sink for Found {
    fn show(&mut self, shown: &Shown<'_>) -> bool {
        let mut lines = shown.record.text.lines();
        if let Some(container) = lines.find_map(|line| launched(line, self.executor)) {
            self.containers.insert(shown.log.to_owned(), container);
        }
        true
    }

    fn flush(&mut self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masters_log_is_searched_again_only_if_it_grew_and_named_nothing() {
        let master = "containers/application_1_0001/container_1_0001_01_000001/stderr";
        let at = |bytes| {
            let modified = None;
            let version = LogVersion { bytes, modified };
            let names = [master, "steps/01-load/stderr"].map(str::to_owned);
            names.map(|name| (name, version)).into_iter().collect()
        };
        let mut masters = Masters::default();
        let (small, grown): (BTreeMap<_, _>, _) = (at(1), at(2));
        assert_eq!(masters.unsearched(&small), [master]);
        masters.add(masters.unsearched(&small), BTreeMap::new(), &small);
        assert_eq!(masters.unsearched(&small), [""; 0]);
        assert_eq!(masters.unsearched(&grown), [master]);
        let container = "container_1_0001_01_000002".to_owned();
        let found = BTreeMap::from([(master.to_owned(), container.clone())]);
        masters.add(masters.unsearched(&grown), found, &grown);
        assert_eq!(masters.unsearched(&at(3)), [""; 0]);
        assert_eq!(masters.found().collect::<Vec<_>>(), [container]);
    }
}
