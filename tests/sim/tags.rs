//! The user's tags: on the cluster from its first call on, changed in place, mended where somebody
//! touched them.

use crate::process::Process;
use crate::wish::OperatorRequest;
use crate::{laws, run};
use clusterup::cloud::{Leasing, Planning};
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup_testkit::sim::{CensusCluster, Settings, Sim};

const CALM: Settings = Settings {
    eventual: false,
    ..laws::QUICK
};

fn tagged(tags: &[(&'static str, &'static str)]) -> OperatorRequest {
    OperatorRequest {
        tags: tags.to_vec(),
        keep: true,
        scripts: Vec::new(),
        ..OperatorRequest::plain("t")
    }
}

fn live(sim: &Sim) -> CensusCluster {
    let clusters = sim.census().clusters;
    let mut live = clusters.into_iter().filter(|it| it.state.is_live());
    live.next().unwrap()
}

/// Plans, sees that the one thing to do is a change in place for this, does it, and plans nothing.
async fn mended(sim: &Sim, wish: &OperatorRequest, because: &str) {
    let (process, case) = (Process::calm(sim, 2), wish.case());
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
fn tags_are_the_clusters_and_stay_as_they_are_wished() {
    run(async {
        let sim = Sim::with(1, CALM);
        let wish = tagged(&[("cost-center", "4711"), ("owner", "ada")]);
        Process::calm(&sim, 1).detached(&wish.case()).await.unwrap();
        let made = live(&sim);
        assert_eq!(made.tags["cost-center"], "4711");

        sim.tag_by_hand(&made.id, "owner", None);
        mended(&sim, &wish, "the tag owner=ada is added").await;
        sim.tag_by_hand(&made.id, "owner", Some("eve"));
        let because = "the tag owner changes from eve to ada";
        mended(&sim, &wish, because).await;

        // Somebody else's tags are theirs.
        sim.tag_by_hand(&made.id, "theirs", Some("x"));
        let wish = tagged(&[("owner", "bob"), ("tier", "2")]);
        let because = "the tag cost-center is removed; the tag owner changes from ada to bob; \
                       the tag tier=2 is added";
        mended(&sim, &wish, because).await;
        let now = live(&sim);
        assert_eq!(now.id, made.id);
        assert_eq!(now.tags.get("cost-center"), None);
        assert_eq!(now.tags["owner"], "bob");
        assert_eq!(now.tags["tier"], "2");
        assert_eq!(now.tags["theirs"], "x");
    });
}
