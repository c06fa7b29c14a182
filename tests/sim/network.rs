//! An account without a default VPC, in which neither groups nor clusters can be created.

use crate::process::Process;
use crate::request::StackRequest;
use crate::run;
use clusterup::cloud::{Acting, Class, Leasing};
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup::run::driver::Stopped;
use clusterup_testkit::sim::{Settings, Sim};

const NO_VPC: Settings = Settings {
    default_vpc: false,
    eventual: false,
    ..Settings::USUAL
};

/// Stacks with a group, without one, and with nothing but a cluster.
fn requests() -> [StackRequest; 3] {
    let plain = StackRequest::plain("t");
    let no_group = StackRequest {
        groups: Vec::new(),
        ..plain.clone()
    };
    let bare = StackRequest {
        keys: Vec::new(),
        ..no_group.clone()
    };
    [plain, no_group, bare]
}

#[test]
fn nothing_is_made_without_a_default_vpc() {
    for request in requests() {
        run(refused(&request));
    }
}

async fn refused(request: &StackRequest) {
    let case = request.case();
    let sim = Sim::with(3, NO_VPC);
    let process = Process::calm(&sim, 1);
    let Err(Stopped::Cloud(error)) = process.detached(&case).await else {
        panic!("{request:?} was applied");
    };
    assert_eq!(error.class, Class::Missing, "{error}");
    assert!(error.to_string().contains("no default VPC"), "{error}");
    let hints: Vec<String> = error.hints.iter().map(ToString::to_string).collect();
    let create = "aws ec2 create-default-vpc --region us-east-1";
    assert!(hints.iter().any(|hint| hint.contains(create)), "{hints:?}");
    let census = sim.census();
    assert!(census.key_pairs.is_empty() && census.buckets.is_empty());
    assert!(census.groups.is_empty() && census.clusters.is_empty());
}

#[test]
fn the_simulation_refuses_what_aws_refuses() {
    run(async {
        let case = requests()[0].case();
        let sim = Sim::with(3, NO_VPC);
        let process = Process::calm(&sim, 1);
        let name = &case.stack.name;
        let _lease = process.account.lease(name, &NoListener).await.unwrap();
        let group = Action::CreateGroup(case.stack.security_groups[0].clone());
        let made = process.account.apply(name, &group, &NoListener).await;
        assert_eq!(made.unwrap_err().class, Class::Missing);
        assert!(sim.census().groups.is_empty());
    });
    run(async {
        let case = requests()[2].case();
        let sim = Sim::with(3, NO_VPC);
        let process = Process::calm(&sim, 1);
        let driver = process.driver(&case);
        let prepared = driver.prepare(clusterup::plan::Options::default()).await;
        let name = &case.stack.name;
        let _lease = process.account.lease(name, &NoListener).await.unwrap();
        let made = driver.attempt(&prepared.unwrap().plan).await;
        let refusal = format!("{:?}", made.unwrap_err());
        assert!(refusal.contains("Subnet is required"), "{refusal}");
        assert!(sim.census().clusters.is_empty());
    });
}
