//! Whether a primary has read the deadline that it was given: it writes back what it has read.

use super::names;
use super::{Account, rungs};
use crate::cloud::api::s3::GetObject;
use crate::cloud::api::{Api, Kind};
use crate::model::name::StackName;
use crate::model::observed::{Cluster, ClusterState};
use crate::model::rung::{Rung, RungKind};

/// What a primary has said.
enum Heard {
    /// Seconds after its cluster's creation.
    Seconds(u64),
    Nothing,
    Unread,
}

impl<A: Api> Account<A> {
    /// A power-off is armed with what its primary has read, not with what was written for it.
    pub(super) async fn doubt_power_offs(&self, clusters: &mut [Cluster]) {
        for cluster in clusters.iter_mut().filter(|it| it.state.is_live()) {
            let asked = {
                let seen = self.seen.borrow();
                let seen = seen.clusters.get(&cluster.id);
                seen.and_then(|seen| {
                    let (_, nonce) = names::of_cluster(&seen.cluster.name)?;
                    Some((nonce.to_owned(), rungs::told(&seen.cluster.tags)?))
                })
            };
            let Some((nonce, asked)) = asked else {
                continue;
            };
            let heard = self.heard(&cluster.stack, &nonce).await;
            let rung = rung(cluster, asked, &heard);
            let mut rungs = cluster.rungs.iter_mut();
            let was = rungs.find(|it| it.kind == RungKind::PowerOff);
            if let (Some(was), Some(rung)) = (was, rung) {
                *was = rung;
            }
        }
    }

    async fn heard(&self, stack: &StackName, nonce: &str) -> Heard {
        let Ok(bucket) = self.bucket().await else {
            return Heard::Unread;
        };
        let key = names::heard(stack, nonce);
        match self.api.serve(GetObject::note(bucket, key)).await {
            Ok(content) => {
                let text = str::from_utf8(&content.body).ok();
                let seconds = text.and_then(|text| text.trim().parse().ok());
                seconds.map_or(Heard::Nothing, Heard::Seconds)
            }
            Err(error) if error.kind == Kind::NotFound => Heard::Nothing,
            Err(_) => Heard::Unread,
        }
    }
}

/// None where it stands as it was.
fn rung(cluster: &Cluster, asked: u64, heard: &Heard) -> Option<Rung> {
    let at = |seconds: u64| rungs::off_at(cluster.created_at, seconds);
    let young = matches!(
        cluster.state,
        ClusterState::Starting | ClusterState::Bootstrapping
    );
    let says = match heard {
        Heard::Seconds(heard) if *heard == asked => return None,
        // The call that made the cluster holds the deadline, and there is no primary yet.
        Heard::Nothing if young => return None,
        Heard::Seconds(heard) => format!(
            "not yet read by the primary (it reads each minute), which is off at {}",
            at((*heard).min(rungs::LONGEST)).format("%F %H:%M:%S UTC")
        ),
        Heard::Nothing => "not yet read by the primary (it reads each minute)".to_owned(),
        Heard::Unread => "whether the primary has read it cannot be read".to_owned(),
    };
    Some(Rung::asked(RungKind::PowerOff, at(asked), says))
}
