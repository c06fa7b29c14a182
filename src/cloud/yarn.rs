//! YARN's ResourceManager, through a tunnel to a cluster's primary.

use super::loopback::Page;
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
    listed.retain(|it| is_id(&it.id));
    listed.truncate(MOST);
    Some(listed)
}

/// Whether a text is an id of an application, which becomes part of an address.
fn is_id(text: &str) -> bool {
    let digits = text.strip_prefix("application_");
    let is_digit = |c: char| c.is_ascii_digit() || c == '_';
    digits.is_some_and(|digits| {
        !digits.is_empty() && digits.len() < 60 && digits.chars().all(is_digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_become_part_of_an_address() {
        assert!(is_id("application_1700000000000_0001"));
        for other in ["application_", "application_1/..", "app-1", ""] {
            assert!(!is_id(other), "{other}");
        }
    }

    #[test]
    fn a_cluster_without_applications_answers_null() {
        let reply: Reply = serde_json::from_str(r#"{"apps": null}"#).unwrap();
        assert!(reply.apps.is_none());
    }
}
