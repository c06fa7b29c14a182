//! The user's tags: on the cluster from its first call on, changed in place, fixed if somebody
//! touched them.

use crate::process::Process;
use crate::request::StackRequest;
use crate::{laws, run};
use clusterup::cloud::{Leasing, Planning};
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup_testkit::sim::{CensusCluster, Settings, Sim};

const CALM: Settings = Settings {
    eventual: false,
    ..laws::QUICK
};

fn tagged(tags: &[(&'static str, &'static str)]) -> StackRequest {
    StackRequest {
        tags: tags.to_vec(),
        keep: true,
        scripts: Vec::new(),
        ..StackRequest::plain("t")
    }
}

fn live(sim: &Sim) -> CensusCluster {
    let clusters = sim.census().clusters;
    let mut live = clusters.into_iter().filter(|it| it.state.is_live());
    live.next().unwrap()
}

/// Plans, sees that the one thing to do is a change in place for this, does it, and plans nothing.
async fn assert_fixed(sim: &Sim, request: &StackRequest, because: &str) {
    let (process, case) = (Process::calm(sim, 2), request.case());
    let plan = process.plan(&case).await.unwrap();
    let [planned] = plan.actions.as_slice() else {
        panic!("{plan:#?}");
    };
    let in_place = matches!(planned.action, Action::UpdateCluster(..));
    assert!(in_place, "{plan:#?}");
    assert_eq!(planned.because, because);
    process.account.check(&plan).await.unwrap();
    let lease = process.account.lease(&case.stack.name, &NoListener).await;
    process.driver(&case).attempt(&plan).await.unwrap();
    lease.unwrap().release().await.unwrap();
    let plan = Process::calm(sim, 3).plan(&case).await.unwrap();
    assert!(plan.is_empty(), "{plan:#?}");
}

#[test]
fn tags_are_on_the_cluster_and_are_kept_as_requested() {
    run(async {
        let sim = Sim::with(1, CALM);
        let request = tagged(&[("cost-center", "4711"), ("owner", "ada")]);
        Process::calm(&sim, 1)
            .detached(&request.case())
            .await
            .unwrap();
        let made = live(&sim);
        assert_eq!(made.tags["cost-center"], "4711");

        sim.tag_by_hand(&made.id, "owner", None);
        assert_fixed(&sim, &request, "the tag owner=ada is added").await;
        sim.tag_by_hand(&made.id, "owner", Some("eve"));
        let because = "the tag owner changes from eve to ada";
        assert_fixed(&sim, &request, because).await;

        // Somebody else's tags are theirs.
        sim.tag_by_hand(&made.id, "theirs", Some("x"));
        let request = tagged(&[("owner", "bob"), ("tier", "2")]);
        let because = "the tag cost-center is removed; the tag owner changes from ada to bob; \
                       the tag tier=2 is added";
        assert_fixed(&sim, &request, because).await;
        let now = live(&sim);
        assert_eq!(now.id, made.id);
        assert_eq!(now.tags.get("cost-center"), None);
        assert_eq!(now.tags["owner"], "bob");
        assert_eq!(now.tags["tier"], "2");
        assert_eq!(now.tags["theirs"], "x");
    });
}
