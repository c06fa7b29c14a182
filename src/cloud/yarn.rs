//! YARN's ResourceManager, through a tunnel to a cluster's primary.

use super::loopback::Page;
use crate::model::app_ui::ApplicationId;
use serde::Deserialize;

/// The port of the ResourceManager on the primary (EMR Management Guide, "View web interfaces hosted
/// on Amazon EMR clusters").
pub const MANAGER_PORT: u16 = 8088;
/// The port of YARN's proxy on the primary, through which Spark serves the pages of a running driver
/// (EMR's `yarn.web-proxy.address`).
pub const PROXY_PORT: u16 = 20_888;
/// How many applications are shown: a cluster may run any number.
const MOST: usize = 20;

/// An application that runs on a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RunningApplication {
    /// YARN's id, such as `application_1700000000000_0001`.
    pub id: String,
    /// The name that the job gave it.
    pub name: String,
}

/// The reply of `GET /ws/v1/cluster/apps` (Hadoop, "ResourceManager REST API's"): `apps` is null if
/// there are none.
#[derive(Deserialize)]
struct Reply {
    apps: Option<Applications>,
}

#[derive(Deserialize)]
struct Applications {
    app: Vec<RunningApplication>,
}

/// The applications that run, as a ResourceManager behind a port of this machine lists them; `None` if
/// it does not answer within a second.
pub async fn running(port: u16) -> Option<Vec<RunningApplication>> {
    let page = Page::of(&format!("http://127.0.0.1:{port}"));
    let ask = move || page.get::<Reply>("/ws/v1/cluster/apps?states=RUNNING");
    let reply = tokio::task::spawn_blocking(ask).await.ok().flatten()?;
    let mut listed = reply.apps.map(|apps| apps.app).unwrap_or_default();
    // An id becomes part of an address.
    listed.retain(|it| it.id.parse::<ApplicationId>().is_ok());
    listed.truncate(MOST);
    Some(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_without_applications_answers_null() {
        let reply: Reply = serde_json::from_str(r#"{"apps": null}"#).unwrap();
        assert!(reply.apps.is_none());
    }
}
