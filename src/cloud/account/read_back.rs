//! Whether a primary has read its deadline: it reports which one it has read.

use super::names;
use super::{Account, safeguard_state};
use crate::cloud::api::s3::GetObject;
use crate::cloud::api::{Api, Kind};
use crate::model::name::StackName;
use crate::model::observed::{Cluster, ClusterState};
use crate::model::safeguard::{Safeguard, SafeguardKind};

/// What a primary has reported.
enum ReadBack {
    /// Seconds after the cluster's creation.
    Seconds(u64),
    Nothing,
    Unread,
}

impl<A: Api> Account<A> {
    /// Sets the state of the power-offs by what the primaries have read, not by what was written
    /// for them.
    pub(super) async fn verify_power_offs(&self, clusters: &mut [Cluster]) {
        for cluster in clusters.iter_mut().filter(|it| it.state.is_live()) {
            let requested = {
                let observed = self.observed.borrow();
                let observed = observed.clusters.get(&cluster.id);
                observed.and_then(|observed| {
                    let (_, nonce) = names::of_cluster(&observed.cluster.name)?;
                    Some((
                        nonce.to_owned(),
                        safeguard_state::requested_power_off(&observed.cluster.tags)?,
                    ))
                })
            };
            let Some((nonce, requested)) = requested else {
                continue;
            };
            let read_back = self.read_back(&cluster.stack, &nonce).await;
            let safeguard = safeguard(cluster, requested, &read_back);
            let mut safeguards = cluster.safeguards.iter_mut();
            let was = safeguards.find(|it| it.kind == SafeguardKind::PowerOff);
            if let (Some(was), Some(safeguard)) = (was, safeguard) {
                *was = safeguard;
            }
        }
    }

    async fn read_back(&self, stack: &StackName, nonce: &str) -> ReadBack {
        let Ok(bucket) = self.bucket().await else {
            return ReadBack::Unread;
        };
        let key = names::reported_deadline(stack, nonce);
        match self.api.serve(GetObject::note(bucket, key)).await {
            Ok(content) => {
                let text = str::from_utf8(&content.body).ok();
                let seconds = text.and_then(|text| text.trim().parse().ok());
                seconds.map_or(ReadBack::Nothing, ReadBack::Seconds)
            }
            Err(error) if error.kind == Kind::NotFound => ReadBack::Nothing,
            Err(_) => ReadBack::Unread,
        }
    }
}

/// The changed safeguard; `None` if it needs no change.
fn safeguard(cluster: &Cluster, requested: u64, read_back: &ReadBack) -> Option<Safeguard> {
    let at = |seconds: u64| safeguard_state::off_at(cluster.created_at, seconds);
    let starting = matches!(
        cluster.state,
        ClusterState::Starting | ClusterState::Bootstrapping
    );
    let says = match read_back {
        ReadBack::Seconds(read_back) if *read_back == requested => return None,
        // The call that created the cluster has the deadline, and there is no primary yet.
        ReadBack::Nothing if starting => return None,
        ReadBack::Seconds(read_back) => format!(
            "not yet read by the primary, which reads it each minute and powers off at {}",
            at((*read_back).min(safeguard_state::MAX_SECONDS)).format("%F %H:%M:%S UTC")
        ),
        ReadBack::Nothing => "not yet read by the primary, which reads it each minute".to_owned(),
        ReadBack::Unread => "it is unknown whether the primary has read it".to_owned(),
    };
    Some(Safeguard::asked(
        SafeguardKind::PowerOff,
        at(requested),
        says,
    ))
}
