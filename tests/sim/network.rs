//! The network of clusters: an account without a default VPC, and subnets that stacks name.

use crate::process::Process;
use crate::request::{Case, StackRequest};
use crate::run;
use clusterup::cloud::api::Serve;
use clusterup::cloud::api::ec2::CreateSecurityGroup;
use clusterup::cloud::{Acting, Class, Leasing, Planning};
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup::model::network::SubnetChoice;
use clusterup::run::driver::Stopped;
use clusterup_testkit::sim::{
    DEFAULT_SUBNET, OTHER_VPC, PRIVATE_SUBNET, PUBLIC_SUBNET, Settings, Sim,
};

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

/// A case in a subnet of the simulation, as the account reads it.
async fn placed(process: &Process, request: &StackRequest, subnet: &str) -> Case {
    let mut case = request.case();
    let choice = SubnetChoice::Id(subnet.parse().unwrap());
    case.stack.cluster.network.subnet = Some(choice);
    let facts = process.account.facts(&case.stack, None, &NoListener).await;
    case.facts.subnet = facts.unwrap().subnet;
    case
}

/// A stack whose cluster stays, without a job.
fn kept() -> StackRequest {
    StackRequest {
        keep: true,
        scripts: Vec::new(),
        ..StackRequest::plain("t")
    }
}

#[test]
fn groups_are_in_the_vpc_of_the_clusters_subnet() {
    run(async {
        let request = kept();
        let sim = Sim::with(
            3,
            Settings {
                eventual: false,
                ..Settings::USUAL
            },
        );
        let process = Process::calm(&sim, 1);
        let named = |sim: &Sim| {
            let groups = sim.census().groups;
            let tags: Vec<_> = groups.into_iter().map(|(_, tags, _)| tags).collect();
            assert_eq!(tags.len(), 1, "{tags:?}");
            tags[0].get("clusterup-vpc").cloned()
        };
        let alive = |sim: &Sim| {
            let clusters = sim.census().clusters;
            clusters.iter().filter(|it| it.state.is_live()).count()
        };
        // Each of them needs another VPC than the one before.
        for (subnet, vpc) in [
            (Some(PUBLIC_SUBNET), Some(OTHER_VPC)),
            (None, None),
            (Some(PRIVATE_SUBNET), Some(OTHER_VPC)),
            (Some(DEFAULT_SUBNET), Some("vpc-00000001")),
        ] {
            let case = match subnet {
                Some(subnet) => placed(&process, &request, subnet).await,
                None => request.case(),
            };
            process.detached(&case).await.unwrap();
            assert_eq!(named(&sim).as_deref(), vpc, "{subnet:?}");
            assert_eq!(alive(&sim), 1, "{subnet:?}");
            assert!(process.plan(&case).await.unwrap().is_empty(), "{subnet:?}");
        }
        process.destroyed(&"t".parse().unwrap()).await.unwrap();
        assert!(sim.census().groups.is_empty() && alive(&sim) == 0);
    });
}

#[test]
fn no_default_vpc_is_needed_in_a_named_subnet() {
    run(async {
        let request = kept();
        let sim = Sim::with(3, NO_VPC);
        let process = Process::calm(&sim, 1);
        let case = placed(&process, &request, PRIVATE_SUBNET).await;
        let subnet = case.facts.subnet.as_ref().unwrap();
        assert!(subnet.is_private() && subnet.has_no_addresses() && subnet.reaches_s3());
        process.detached(&case).await.unwrap();
        assert_eq!(sim.census().clusters.len(), 1);
        assert_eq!(sim.census().groups.len(), 1);
    });
}

#[test]
fn two_groups_of_one_name_are_both_deleted() {
    run(async {
        let sim = Sim::with(
            3,
            Settings {
                eventual: false,
                ..Settings::USUAL
            },
        );
        let process = Process::calm(&sim, 1);
        let request = &requests()[0];
        process.detached(&request.case()).await.unwrap();
        // As an interrupted run of an older version, or a person, may leave it.
        let (name, mut tags, _) = sim.census().groups.remove(0);
        tags.insert("clusterup-vpc".to_owned(), OTHER_VPC.to_owned());
        let twin = CreateSecurityGroup {
            name,
            description: "a twin".to_owned(),
            vpc: Some(OTHER_VPC.to_owned()),
            tags,
        };
        sim.serve(twin).await.unwrap();
        for _ in 0..2 {
            process.destroyed(&"t".parse().unwrap()).await.unwrap();
        }
        assert!(sim.census().groups.is_empty());
    });
}
