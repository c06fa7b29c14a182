//! The script that powers a primary off at its deadline, which an object may move.

use super::cluster::Cluster;
use super::work::place;
use super::world::State;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::emr::RunJobFlow;
use clusterup::model::observed::ClusterState;

const SCRIPT: &str = "/power-off.sh";
/// The script takes no longer number.
const MOST_DIGITS: usize = 9;
/// EMR documents no code for a lost primary; users report this one.
const REASON: &str = "INSTANCE_FAILURE";
const MESSAGE: &str = "The master node was terminated.";

/// The script's arguments.
pub(super) struct PowerOff {
    /// The last number that it knew.
    seconds: i64,
    /// Where another may be: an `s3://` address.
    uri: String,
    /// Where it writes the deadline that it has read.
    heard: Option<String>,
    /// The number that it has written.
    reported: Option<i64>,
    looked_at: Option<DateTime<Utc>>,
}

/// It reads the object so often.
const EVERY: TimeDelta = TimeDelta::seconds(60);

impl PowerOff {
    pub(super) fn ordered(order: &RunJobFlow) -> Option<Self> {
        let mut actions = order.bootstrap.iter();
        let action = actions.find(|action| action.script.ends_with(SCRIPT))?;
        let (seconds, uri, heard) = match action.args.as_slice() {
            [seconds, uri] => (seconds, uri, None),
            [seconds, uri, heard] => (seconds, uri, Some(heard.clone())),
            _ => return None,
        };
        Some(Self {
            seconds: number(seconds.as_bytes())?,
            uri: uri.clone(),
            heard,
            reported: None,
            looked_at: None,
        })
    }
}

impl Cluster {
    /// When its primary is off, if its script keeps watch. It is not there before the machine is.
    pub(super) fn powers_off(&self) -> Option<DateTime<Utc>> {
        let up = matches!(
            self.state,
            ClusterState::Bootstrapping | ClusterState::Running | ClusterState::Waiting
        );
        let script = self.power_off.as_ref().filter(|_| up)?;
        Some(self.created_at + TimeDelta::seconds(script.seconds))
    }

    pub(super) fn power_off(&mut self, now: DateTime<Utc>) {
        self.shut_down(now, REASON, Some(MESSAGE));
    }
}

impl State {
    /// The scripts look at their objects, and say what they have read.
    pub(super) fn look_at_deadlines(&mut self, now: DateTime<Utc>) {
        let live = |cluster: &&mut Cluster| cluster.state.is_live();
        for cluster in self.clusters.values_mut().filter(live) {
            let up = cluster.state != ClusterState::Starting;
            let Some(script) = &mut cluster.power_off else {
                continue;
            };
            if script.looked_at.is_some_and(|at| now - at < EVERY) {
                continue;
            }
            script.looked_at = up.then_some(now);
            let object = place(&script.uri).and_then(|(bucket, key)| {
                let bucket = self.s3.buckets.get(bucket)?;
                bucket.objects.get(key)
            });
            if let Some(seconds) = object.and_then(|object| number(&object.body)) {
                script.seconds = seconds;
            }
            let heard = script.heard.as_deref().and_then(place);
            let held = heard.and_then(|(bucket, key)| {
                let bucket = self.s3.buckets.get_mut(bucket)?;
                Some((bucket, key))
            });
            if let Some((bucket, key)) =
                held.filter(|_| up && script.reported != Some(script.seconds))
            {
                script.reported = Some(script.seconds);
                bucket.put(key.to_owned(), script.seconds.to_string().into_bytes(), now);
            }
        }
    }
}

fn number(text: &[u8]) -> Option<i64> {
    let text = str::from_utf8(text).ok()?.trim_end_matches('\n');
    let good = text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| good)
}
