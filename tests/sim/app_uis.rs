//! Spark's pages as EMR serves them: what is asked for until they are prepared, and for how long.

use crate::process::Process;
use crate::request::StackRequest;
use crate::run;
use clusterup::cloud::roles::AppUis;
use clusterup::cloud::{Class, CloudError};
use clusterup::model::app_ui::{AppUi, OnClusterUi};
use clusterup::model::event::{Event, Listener, NoListener};
use clusterup::model::name::ClusterId;
use clusterup::model::presigned_url::PresignedUrl;
use clusterup_testkit::sim::Sim;
use std::cell::RefCell;
use std::time::Duration;

const HISTORY: AppUi = AppUi::OnCluster(OnClusterUi::History);

/// Collects what is waited for.
#[derive(Default)]
struct Waits(RefCell<Vec<String>>);

impl Listener for Waits {
    fn on_event(&self, event: &Event) {
        if let Event::Progress { what, .. } = event {
            self.0.borrow_mut().push(what.clone());
        }
    }
}

/// An account with a cluster that waits for steps.
async fn account() -> (Sim, Process, ClusterId) {
    let sim = Sim::new(1);
    let process = Process::calm(&sim, 1);
    let case = StackRequest {
        keep: true,
        ..StackRequest::plain("t")
    }
    .case();
    process.applied(&case).await.unwrap();
    let id = sim.census().clusters[0].id.parse().unwrap();
    (sim, process, id)
}

async fn page(process: &Process, id: &ClusterId, ui: &AppUi) -> Result<PresignedUrl, CloudError> {
    process.account.app_ui(id, ui, None, &NoListener).await
}

fn calls(process: &Process, name: &str) -> u64 {
    let tallies = process.meter().tallies();
    let found = tallies.iter().find(|(call, _)| call.ends_with(name));
    found.map_or(0, |(_, tally)| tally.calls)
}

#[test]
fn a_page_is_asked_for_until_it_is_ready() {
    run(async {
        let (sim, process, id) = account().await;
        let begun = sim.now();
        let waits = Waits::default();
        let url = process
            .account
            .app_ui(&id, &AppUi::Persistent, None, &waits);
        let url = url.await.unwrap();
        assert!(url.reveal().starts_with("https://p-"), "{url:?}");
        let waited = waits.0.take();
        let last = waited.last().map(String::as_str);
        assert_eq!(
            last,
            Some("waiting until EMR has prepared the page"),
            "{waited:?}"
        );
        assert_eq!(calls(&process, ":CreatePersistentAppUI"), 1);
        // Each of the two takes twelve seconds, and a poll comes every five.
        assert_eq!(calls(&process, ":DescribePersistentAppUI"), 4);
        assert_eq!(calls(&process, ":GetPersistentAppUIPresignedURL"), 3);
        assert!((sim.now() - begun).num_seconds() < 30);

        let url = page(&process, &id, &HISTORY).await.unwrap();
        assert!(url.reveal().starts_with("https://j-"), "{url:?}");
        assert_eq!(calls(&process, ":GetOnClusterAppUIPresignedURL"), 4);
    });
}

#[test]
fn the_wait_for_a_page_is_bounded() {
    run(async {
        let (sim, process, id) = account().await;
        sim.never_prepare_app_uis();
        for ui in [AppUi::Persistent, HISTORY] {
            let begun = sim.now();
            let waited = tokio::time::timeout(Duration::from_secs(400), page(&process, &id, &ui));
            let error = waited.await.expect("an end").unwrap_err();
            assert_eq!(error.class, Class::Unreachable, "{error:?}");
            let says = "EMR has not prepared the page in time";
            assert!(error.message.starts_with(says), "{error:?}");
            assert!((sim.now() - begun).num_seconds() >= 300, "{ui:?}");
            let hints = format!("{:?}", error.hints);
            let is_counted = ui == AppUi::Persistent;
            assert_eq!(
                hints.contains("each try makes another page"),
                is_counted,
                "{hints}"
            );
        }
    });
}

#[test]
fn an_ended_cluster_has_no_page_of_its_own() {
    run(async {
        let (sim, process, id) = account().await;
        sim.end_cluster(id.as_str(), "USER_REQUEST", "by hand");
        let error = page(&process, &id, &HISTORY).await.unwrap_err();
        assert_eq!(error.class, Class::Failed, "{error:?}");
        assert!(!error.hints.is_empty(), "{error:?}");
        page(&process, &id, &AppUi::Persistent).await.unwrap();
    });
}
