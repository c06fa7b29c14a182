//! Several accounts on the page and in the metrics.

use super::fleet_status::{fleet_status, noon};
use super::{Page, TOKEN, page};
use axum::http::StatusCode;
use clusterup::model::fleet_status::FleetStatus;
use clusterup::model::place::Place;
use clusterup::model::watched_account::RefusedAccount;
use clusterup::run::watchdog::request::RequestedAction;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::mpsc;

const OTHER: &str = "222222222222:us-east-1";

/// The sample fleet, and its first cluster once more with the same id in another account; a third
/// account cannot be watched.
fn of_accounts() -> FleetStatus {
    let mut status = fleet_status(noon());
    status.own_account = Some("111111111111".parse().unwrap());
    let [other, refused]: [Place; 2] =
        [OTHER, "333333333333:eu-west-1"].map(|place| place.parse().unwrap());
    let mut same = status.clusters[0].clone();
    (same.place, same.name) = (other.clone(), "theirs".into());
    status.clusters.push(same);
    let last = status.last.as_mut().unwrap();
    last.blind = vec![refused.clone()];
    last.refused = vec![RefusedAccount {
        account: refused.account().unwrap().clone(),
        why: "role arn:aws:iam::333333333333:role/w cannot be assumed: <no>".to_owned(),
    }];
    status.places.extend([other, refused]);
    status
}

fn shown(token: Option<&str>) -> Page {
    let page = page(token);
    page.fleet_statuses.send_replace(Arc::new(of_accounts()));
    page
}

#[tokio::test]
async fn clusters_with_the_same_id_have_pages_of_their_own() {
    let page = shown(None);
    let id = fleet_status(noon()).clusters[0].id.clone();
    let own = page.get(&format!("/clusters/us-east-1/{id}")).await;
    let theirs = page.get(&format!("/clusters/{OTHER}/{id}")).await;
    assert_eq!([own.status, theirs.status], [StatusCode::OK; 2]);
    assert!(!own.body.contains("theirs") && theirs.body.contains("theirs"));
    let third = page
        .get(&format!("/clusters/333333333333:us-east-1/{id}"))
        .await;
    assert_eq!(third.status, StatusCode::NOT_FOUND);
    let body = page.get("/").await.body;
    let link = format!("href=\"/clusters/{OTHER}/{id}\"");
    assert!(body.contains(&link), "{body}");
}

#[tokio::test]
async fn an_operator_ends_the_cluster_of_one_account() {
    let mut page = shown(Some(TOKEN));
    let id = fleet_status(noon()).clusters[0].id.clone();
    let form = format!("token={TOKEN}&who=ana&why=forgotten&confirm={id}");
    let path = format!("/clusters/{OTHER}/{id}/end");
    let mut requests = std::mem::replace(&mut page.requests, mpsc::channel(1).1);
    let watchdog = async {
        let request = requests.recv().await.unwrap();
        assert_eq!(request.place.to_string(), OTHER);
        assert_eq!(request.what, RequestedAction::End);
        request.answer.send(Ok("it ends".to_owned())).unwrap();
    };
    let headers = [("origin", "http://localhost:9184")];
    let ((), done) = tokio::join!(watchdog, page.post(&path, &headers, &form));
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
}

#[tokio::test]
async fn an_account_that_is_not_watched_is_one_line() {
    let page = shown(None);
    let body = page.get("/").await.body;
    let line = "<li>account 333333333333 is not watched: role \
                arn:aws:iam::333333333333:role/w cannot be assumed: &#60;no&#62;</li>";
    assert_eq!(body.matches(line).count(), 1, "{body}");
    assert!(body.contains("2 regions of 2 other accounts"), "{body}");
    let health = page.get("/healthz").await.body;
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(health["status"], "partial");
    assert_eq!(health["why"], "account 333333333333 is not watched");
    let status: Value = serde_json::from_str(&page.get("/api/picture").await.body).unwrap();
    assert_eq!(status["own_account"], "111111111111");
    let refused = &status["last"]["refused"];
    assert_eq!(refused[0]["account"], "333333333333", "{status:#}");
}

#[tokio::test]
async fn metrics_have_the_account_if_there_are_several() {
    let alone = page(None).get("/metrics").await.body;
    assert!(!alone.contains("account"), "{alone}");
    let several = shown(None).get("/metrics").await.body;
    for line in [
        "clusterup_clusters{place=\"us-east-1\",state=\"running\",account=\"111111111111\"} 5.0\n",
        "clusterup_clusters{place=\"222222222222:us-east-1\",state=\"running\",\
         account=\"222222222222\"} 1.0\n",
        "clusterup_account_watched{account=\"111111111111\"} 1.0\n",
        "clusterup_account_watched{account=\"222222222222\"} 1.0\n",
        "clusterup_account_watched{account=\"333333333333\"} 0.0\n",
    ] {
        assert!(several.contains(line), "{line}{several}");
    }
    let local = several
        .lines()
        .find(|line| line.contains("place=\"local\""));
    assert!(!local.unwrap().contains("account"), "{local:?}");
}

/// The status of a single account is the same as before there were several.
#[tokio::test]
async fn a_single_account_is_not_named() {
    let status = page(None).get("/api/picture").await.body;
    let status: Value = serde_json::from_str(&status).unwrap();
    assert!(status.get("own_account").is_none());
    assert!(status["last"].get("refused").is_none());
}
