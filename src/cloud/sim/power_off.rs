//! The script on a primary that powers it off at its deadline, which an object may move.

use super::cluster::Cluster;
use super::work::place;
use super::world::State;
use crate::cloud::api::emr::RunJobFlow;
use crate::model::observed::ClusterState;
use chrono::{DateTime, TimeDelta, Utc};

const SCRIPT: &str = "/power-off.sh";
/// The script takes no longer number.
const MOST_DIGITS: usize = 9;
/// EMR's documentation names no code for a primary that is lost; people report this one.
const REASON: &str = "INSTANCE_FAILURE";
const MESSAGE: &str = "The master node was terminated.";

/// What the script was told.
pub(super) struct PowerOff {
    /// The last number that it knew.
    seconds: i64,
    /// Where another may be: an `s3://` address.
    uri: String,
}

impl PowerOff {
    pub(super) fn ordered(order: &RunJobFlow) -> Option<Self> {
        let mut actions = order.bootstrap.iter();
        let action = actions.find(|action| action.script.ends_with(SCRIPT))?;
        let [seconds, uri] = action.args.as_slice() else {
            return None;
        };
        Some(Self {
            seconds: number(seconds.as_bytes())?,
            uri: uri.clone(),
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
    /// The scripts look at their objects.
    pub(super) fn look_at_deadlines(&mut self) {
        let live = |cluster: &&mut Cluster| cluster.state.is_live();
        for cluster in self.clusters.values_mut().filter(live) {
            let Some(script) = &mut cluster.power_off else {
                continue;
            };
            let object = place(&script.uri).and_then(|(bucket, key)| {
                let bucket = self.s3.buckets.get(bucket)?;
                bucket.objects.get(key)
            });
            if let Some(told) = object.and_then(|object| number(&object.body)) {
                script.seconds = told;
            }
        }
    }
}

fn number(text: &[u8]) -> Option<i64> {
    let text = str::from_utf8(text).ok()?.trim_end_matches('\n');
    let good = text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| good)
}
