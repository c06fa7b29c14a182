//! Whether a primary has read the deadline that it was given: it writes back what it has read.

use super::names;
use super::{Account, safeguard_state};
use crate::cloud::api::s3::GetObject;
use crate::cloud::api::{Api, Kind};
use crate::model::name::StackName;
use crate::model::observed::{Cluster, ClusterState};
use crate::model::safeguard::{Safeguard, SafeguardKind};

/// What a primary has said.
enum ReadBack {
    /// Seconds after its cluster's creation.
    Seconds(u64),
    Nothing,
    Unread,
}

impl<A: Api> Account<A> {
    /// A power-off is armed with what its primary has read, not with what was written for it.
    pub(super) async fn verify_power_offs(&self, clusters: &mut [Cluster]) {
        for cluster in clusters.iter_mut().filter(|it| it.state.is_live()) {
            let asked = {
                let seen = self.seen.borrow();
                let seen = seen.clusters.get(&cluster.id);
                seen.and_then(|seen| {
                    let (_, nonce) = names::of_cluster(&seen.cluster.name)?;
                    Some((nonce.to_owned(), safeguard_state::told(&seen.cluster.tags)?))
                })
            };
            let Some((nonce, asked)) = asked else {
                continue;
            };
            let heard = self.heard(&cluster.stack, &nonce).await;
            let safeguard = safeguard(cluster, asked, &heard);
            let mut safeguards = cluster.safeguards.iter_mut();
            let was = safeguards.find(|it| it.kind == SafeguardKind::PowerOff);
            if let (Some(was), Some(safeguard)) = (was, safeguard) {
                *was = safeguard;
            }
        }
    }

    async fn heard(&self, stack: &StackName, nonce: &str) -> ReadBack {
        let Ok(bucket) = self.bucket().await else {
            return ReadBack::Unread;
        };
        let key = names::heard(stack, nonce);
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

/// None where it stands as it was.
fn safeguard(cluster: &Cluster, asked: u64, heard: &ReadBack) -> Option<Safeguard> {
    let at = |seconds: u64| safeguard_state::off_at(cluster.created_at, seconds);
    let young = matches!(
        cluster.state,
        ClusterState::Starting | ClusterState::Bootstrapping
    );
    let says = match heard {
        ReadBack::Seconds(heard) if *heard == asked => return None,
        // The call that made the cluster holds the deadline, and there is no primary yet.
        ReadBack::Nothing if young => return None,
        ReadBack::Seconds(heard) => format!(
            "not yet read by the primary (it reads each minute), which is off at {}",
            at((*heard).min(safeguard_state::LONGEST)).format("%F %H:%M:%S UTC")
        ),
        ReadBack::Nothing => "not yet read by the primary (it reads each minute)".to_owned(),
        ReadBack::Unread => "whether the primary has read it cannot be read".to_owned(),
    };
    Some(Safeguard::asked(SafeguardKind::PowerOff, at(asked), says))
}
