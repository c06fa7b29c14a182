//! Spark's pages as EMR serves them ("application user interfaces" in the EMR Management Guide), and
//! which of them shows the applications of a cluster.

use super::invalid::Invalid;
use super::name::{ClusterId, StackName};
use super::observed::ClusterState;
use super::releases::{ON_CLUSTER_UI, PERSISTENT_UI, Releases};
use chrono::{DateTime, TimeDelta, Utc};
use std::fmt;
use std::str::FromStr;

/// How long EMR shows an application that has ended (EMR Management Guide, "View persistent application
/// user interfaces").
const KEPT: TimeDelta = TimeDelta::days(30);

/// The most characters of an application's id.
const MAX_CHARS: usize = 60;

/// The id of an application in YARN, such as `application_1700000000000_0001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApplicationId(String);

impl ApplicationId {
    /// The application of an event log with this name, which may end with the number of an attempt:
    /// `application_1700000000000_0001_1` (Spark, `EventLogFileWriter`).
    pub fn of_event_log(name: &str) -> Option<Self> {
        let mut parts = name.splitn(4, '_');
        let [word, cluster, number] = [parts.next()?, parts.next()?, parts.next()?];
        format!("{word}_{cluster}_{number}").parse().ok()
    }
}

impl FromStr for ApplicationId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let numbers = text.strip_prefix("application_");
        let numbers = numbers.and_then(|numbers| numbers.split_once('_'));
        let is_id = numbers.is_some_and(|(cluster, own)| is_number(cluster) && is_number(own));
        if is_id && text.len() <= MAX_CHARS {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            "the id of an application in YARN, such as `application_1700000000000_0001`",
        ))
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A page that EMR serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppUi {
    /// A history server of EMR's own, which needs no cluster.
    Persistent,
    /// A page of the cluster, which EMR makes reachable.
    OnCluster(OnClusterUi),
}

/// A page of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnClusterUi {
    /// Spark's history server on the primary, which also shows what runs.
    History,
    /// YARN's ResourceManager, which lists what runs.
    Manager,
    /// Spark's pages of an application that runs.
    Application(ApplicationId),
}

impl AppUi {
    /// Its word in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Persistent => "persistent",
            Self::OnCluster(OnClusterUi::History) => "history-server",
            Self::OnCluster(OnClusterUi::Manager) => "resource-manager",
            Self::OnCluster(OnClusterUi::Application(_)) => "application",
        }
    }

    /// The application that it shows, if it shows only one.
    pub const fn application(&self) -> Option<&ApplicationId> {
        match self {
            Self::OnCluster(OnClusterUi::Application(id)) => Some(id),
            Self::Persistent | Self::OnCluster(OnClusterUi::History | OnClusterUi::Manager) => None,
        }
    }
}

/// A cluster of anybody, as far as it decides which page shows its applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppUiCluster {
    /// Its id.
    pub id: ClusterId,
    /// The stack in its name. The name alone does not make it a cluster of that stack.
    pub stack: Option<StackName>,
    /// Its state.
    pub state: ClusterState,
    /// Its release label, such as `emr-7.12.0`.
    pub release: String,
    /// Whether Spark is among its applications.
    pub has_spark: bool,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Where the event logs of a cluster's newest run are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventLogPlace {
    /// In clusterup's bucket, where no history server of EMR looks.
    Bucket {
        /// The applications that have not closed their logs.
        running: Vec<ApplicationId>,
    },
    /// Not in the bucket. In EMR's default folder in HDFS, unless the cluster's owner chose another
    /// one; or nothing has been written yet.
    Elsewhere,
}

/// Why no page of EMR shows a cluster's applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAppUi {
    /// It does not run yet.
    NotReady,
    /// It has no Spark.
    NoSpark,
    /// Its event logs are in the bucket.
    InBucket,
    /// Its release is none of these.
    OldRelease(Releases),
    /// It ended too long ago.
    Expired,
}

impl AppUiCluster {
    /// The page that shows its applications. `runs` tells whether a step of clusterup runs on it.
    ///
    /// # Errors
    /// Returns the reason if no page shows them.
    pub fn choose(
        &self,
        log: &EventLogPlace,
        runs: bool,
        now: DateTime<Utc>,
    ) -> Result<AppUi, NoAppUi> {
        if !self.has_spark {
            return Err(NoAppUi::NoSpark);
        }
        match self.state {
            ClusterState::Starting | ClusterState::Bootstrapping => Err(NoAppUi::NotReady),
            ClusterState::Running | ClusterState::Waiting => self.on_cluster(log, runs, now),
            ClusterState::Terminating
            | ClusterState::Terminated
            | ClusterState::TerminatedWithErrors => self.persistent(log, now),
        }
    }

    fn on_cluster(
        &self,
        log: &EventLogPlace,
        runs: bool,
        now: DateTime<Utc>,
    ) -> Result<AppUi, NoAppUi> {
        let ui = match (log, runs) {
            (EventLogPlace::Bucket { running }, true) => match running.as_slice() {
                [only] => OnClusterUi::Application(only.clone()),
                _ => OnClusterUi::Manager,
            },
            (EventLogPlace::Elsewhere, true) => OnClusterUi::Manager,
            (EventLogPlace::Bucket { .. }, false) => return Err(NoAppUi::InBucket),
            (EventLogPlace::Elsewhere, false) => OnClusterUi::History,
        };
        if ON_CLUSTER_UI.include(&self.release) {
            return Ok(AppUi::OnCluster(ui));
        }
        match ui {
            // EMR's own history server shows living clusters, too.
            OnClusterUi::History => self.persistent(log, now),
            OnClusterUi::Manager | OnClusterUi::Application(_) => {
                Err(NoAppUi::OldRelease(ON_CLUSTER_UI))
            }
        }
    }

    fn persistent(&self, log: &EventLogPlace, now: DateTime<Utc>) -> Result<AppUi, NoAppUi> {
        if matches!(log, EventLogPlace::Bucket { .. }) {
            return Err(NoAppUi::InBucket);
        }
        if !PERSISTENT_UI.include(&self.release) {
            return Err(NoAppUi::OldRelease(PERSISTENT_UI));
        }
        let is_expired = self.ended_at.is_some_and(|ended| now - ended > KEPT);
        if is_expired {
            return Err(NoAppUi::Expired);
        }
        Ok(AppUi::Persistent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClusterState::{Bootstrapping, Running, Starting, Terminated, Terminating, Waiting};

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn cluster(state: ClusterState, release: &str) -> AppUiCluster {
        AppUiCluster {
            id: "j-1".parse().unwrap(),
            stack: None,
            state,
            release: release.to_owned(),
            has_spark: true,
            ended_at: None,
        }
    }

    fn id(number: u32) -> ApplicationId {
        format!("application_1_{number}").parse().unwrap()
    }

    fn bucket(running: &[u32]) -> EventLogPlace {
        let running = running.iter().map(|number| id(*number)).collect();
        EventLogPlace::Bucket { running }
    }

    #[test]
    fn the_page_is_one_that_has_something_to_show() {
        use EventLogPlace::Elsewhere;
        use OnClusterUi::{Application, History, Manager};
        let on = |ui| Ok(AppUi::OnCluster(ui));
        for (state, log, runs, expected) in [
            // Somebody else's cluster, whose log is where EMR puts it.
            (Starting, Elsewhere, false, Err(NoAppUi::NotReady)),
            (Bootstrapping, Elsewhere, false, Err(NoAppUi::NotReady)),
            (Running, Elsewhere, false, on(History)),
            (Waiting, Elsewhere, false, on(History)),
            (Terminating, Elsewhere, false, Ok(AppUi::Persistent)),
            (Terminated, Elsewhere, false, Ok(AppUi::Persistent)),
            // One of ours: what runs has pages, what is over is in the bucket alone.
            (Running, Elsewhere, true, on(Manager)),
            (Running, bucket(&[]), true, on(Manager)),
            (Running, bucket(&[1]), true, on(Application(id(1)))),
            (Running, bucket(&[1, 2]), true, on(Manager)),
            (Waiting, bucket(&[1]), false, Err(NoAppUi::InBucket)),
            (Terminating, bucket(&[1]), true, Err(NoAppUi::InBucket)),
            (Terminated, bucket(&[]), false, Err(NoAppUi::InBucket)),
        ] {
            let found = cluster(state, "emr-7.12.0").choose(&log, runs, now());
            assert_eq!(found, expected, "{state:?} {log:?} {runs}");
        }
    }

    #[test]
    fn old_releases_have_fewer_pages() {
        let of = |state, release: &str, runs| {
            cluster(state, release).choose(&EventLogPlace::Elsewhere, runs, now())
        };
        let old = |releases| Err(NoAppUi::OldRelease(releases));
        assert_eq!(of(Terminated, "emr-5.24.1", false), old(PERSISTENT_UI));
        assert_eq!(of(Terminated, "emr-5.25.0", false), Ok(AppUi::Persistent));
        assert_eq!(of(Waiting, "emr-5.32.0", false), Ok(AppUi::Persistent));
        assert_eq!(of(Running, "emr-5.32.0", true), old(ON_CLUSTER_UI));
        assert_eq!(of(Waiting, "emr-5.24.0", false), old(PERSISTENT_UI));
        let on = |ui| Ok(AppUi::OnCluster(ui));
        assert_eq!(of(Waiting, "emr-5.33.0", false), on(OnClusterUi::History));
        assert_eq!(
            of(Waiting, "emr-spark-8.0.0", false),
            on(OnClusterUi::History)
        );
    }

    #[test]
    fn a_page_ends_thirty_days_after_its_cluster() {
        for (days, expected) in [(29, Ok(AppUi::Persistent)), (31, Err(NoAppUi::Expired))] {
            let mut over = cluster(Terminated, "emr-7.12.0");
            over.ended_at = Some(now() - TimeDelta::days(days));
            let found = over.choose(&EventLogPlace::Elsewhere, false, now());
            assert_eq!(found, expected, "{days}");
        }
        let mut without = cluster(Waiting, "emr-7.12.0");
        without.has_spark = false;
        let found = without.choose(&EventLogPlace::Elsewhere, false, now());
        assert_eq!(found, Err(NoAppUi::NoSpark));
    }

    #[test]
    fn only_ids_become_part_of_an_address() {
        let good = "application_1700000000000_0001";
        assert_eq!(good.parse::<ApplicationId>().unwrap().to_string(), good);
        let long = format!("application_1_{}", "1".repeat(MAX_CHARS));
        for other in [
            "application_",
            "application_1",
            "application_1/..",
            "app-1",
            "",
            &long,
        ] {
            assert!(other.parse::<ApplicationId>().is_err(), "{other}");
        }
        let of = |name: &str| ApplicationId::of_event_log(name).map(|id| id.to_string());
        assert_eq!(
            of("application_1_0001").as_deref(),
            Some("application_1_0001")
        );
        assert_eq!(
            of("application_1_0001_2").as_deref(),
            Some("application_1_0001")
        );
        assert_eq!(of("local-1700000000000"), None);
        assert_eq!(of("application_../x_1"), None);
    }
}
