//! Key pairs and security groups, and when they are visible and can be deleted.

use super::{CALM, launch, order, run, secs, terminate, until};
use crate::sim::{DEFAULT_SUBNET, OTHER_VPC, PRIVATE_SUBNET, PUBLIC_SUBNET, Sim};
use clusterup::cloud::api::ec2::{
    AuthorizeIngress, CreateSecurityGroup, DeleteKeyPair, DeleteSecurityGroup, DescribeKeyPairs,
    DescribeSecurityGroups, Filter, GroupId, ImportKeyPair, Rule,
};
use clusterup::cloud::api::emr::{DescribeCluster, ListClusters, RunJobFlow};
use clusterup::cloud::api::network::Network;
use clusterup::cloud::api::{Kind, Serve, Tags};
use clusterup::model::network::ManagedGroups;
use clusterup::model::observed::ClusterState;

#[test]
fn new_resources_are_not_listed_at_once() {
    run(async {
        let mut late = 0;
        for seed in 0..20 {
            let sim = Sim::new(seed);
            let id = launch(&sim, order(&[])).await;
            let reported = sim.serve(DescribeCluster { id: id.clone() }).await;
            late += usize::from(reported.is_err());
            let list = || ListClusters {
                states: Vec::new(),
                created_after: None,
                next: None,
            };
            let key = "ssh-ed25519 AAAA me@here".to_owned();
            let import = ImportKeyPair {
                name: "k".to_owned(),
                public_key: key,
                tags: Tags::new(),
            };
            sim.serve(import.clone()).await.unwrap();
            let pairs = || DescribeKeyPairs {
                filters: Vec::new(),
            };
            late += usize::from(sim.serve(list()).await.unwrap().items.is_empty());
            late += usize::from(sim.serve(pairs()).await.unwrap().is_empty());
            assert_eq!(sim.serve(import).await.unwrap_err().kind, Kind::Exists);
            secs(20).await;
            assert_eq!(sim.serve(list()).await.unwrap().items[0].id, id);
            let pair = sim.serve(pairs()).await.unwrap().remove(0);
            assert_eq!(pair.public_key, "ssh-ed25519 AAAA k");
            sim.serve(DeleteKeyPair { id: pair.id }).await.unwrap();
            assert_eq!(sim.census().key_pairs, []);
        }
        assert!(late > 20, "{late}");
    });
}

#[test]
fn a_group_is_held_until_its_cluster_has_drained() {
    run(async {
        let sim = Sim::with(8, CALM);
        let tags = Tags::from([("clusterup-stack".to_owned(), "films".to_owned())]);
        let make = CreateSecurityGroup {
            name: "g".to_owned(),
            description: "a group".to_owned(),
            vpc: None,
            tags,
        };
        let GroupId(group) = sim.serve(make.clone()).await.unwrap();
        assert_eq!(sim.serve(make).await.unwrap_err().kind, Kind::Exists);
        let rule = |from: &str| Rule {
            protocol: "tcp".to_owned(),
            ports: Some((22, 22)),
            from: from.parse().unwrap(),
            description: String::new(),
        };
        let open = |rules| AuthorizeIngress {
            group: group.clone(),
            rules,
        };
        sim.serve(open(vec![rule("203.0.113.7/24")])).await.unwrap();
        let twice = open(vec![rule("198.51.100.1/32"), rule("203.0.113.0/24")]);
        assert_eq!(sim.serve(twice).await.unwrap_err().kind, Kind::Exists);
        let by = |name: &str, value: &str| DescribeSecurityGroups {
            filters: vec![Filter {
                name: name.to_owned(),
                values: vec![value.to_owned()],
            }],
        };
        let found = sim.serve(by("tag:clusterup-stack", "fi*")).await.unwrap();
        assert_eq!(found[0].ingress, [rule("203.0.113.0/24")]);
        assert_eq!(sim.serve(by("group-name", "h")).await.unwrap(), []);

        let held = RunJobFlow {
            network: Network {
                groups: vec![group.clone()],
                ..Network::default()
            },
            ..order(&[])
        };
        let id = launch(&sim, held).await;
        let delete = DeleteSecurityGroup { id: group };
        assert_eq!(
            sim.serve(delete.clone()).await.unwrap_err().kind,
            Kind::InUse
        );
        terminate(&sim, &[&id]).await.unwrap();
        until(&sim, &id, ClusterState::Terminated).await;
        secs(60).await;
        sim.serve(delete.clone()).await.unwrap();
        assert_eq!(sim.serve(delete).await.unwrap_err().kind, Kind::NotFound);
    });
}

#[test]
fn networks_that_do_not_fit_end_with_errors_late() {
    run(async {
        let sim = Sim::with(8, CALM);
        let make = |vpc: &str| CreateSecurityGroup {
            name: "g".to_owned(),
            description: "a group".to_owned(),
            vpc: Some(vpc.to_owned()),
            tags: Tags::new(),
        };
        let GroupId(there) = sim.serve(make(OTHER_VPC)).await.unwrap();
        // Names are unique in a VPC.
        sim.serve(make("vpc-00000001")).await.unwrap();
        let twice = sim.serve(make(OTHER_VPC)).await.unwrap_err();
        assert_eq!(twice.kind, Kind::Exists);
        let nowhere = sim.serve(make("vpc-00000009")).await.unwrap_err();
        assert_eq!(nowhere.kind, Kind::NotFound);
        let managed = |service_access: Option<&str>| ManagedGroups {
            primary: "sg-00000001".parse().unwrap(),
            core: "sg-00000002".parse().unwrap(),
            service_access: service_access.map(|id| id.parse().unwrap()),
        };
        let network = |subnet: &str, managed: Option<ManagedGroups>, groups: &[&String]| Network {
            subnet: Some(subnet.to_owned()),
            one_of: Vec::new(),
            managed,
            groups: groups.iter().map(|id| (*id).clone()).collect(),
            ..Network::default()
        };
        let service = Some("sg-00000003");
        for (network, fits) in [
            (network(PUBLIC_SUBNET, Some(managed(None)), &[&there]), true),
            (network(PRIVATE_SUBNET, Some(managed(service)), &[]), true),
            (network(PRIVATE_SUBNET, None, &[&there]), true),
            (network("subnet-00000009", None, &[]), false),
            (network(DEFAULT_SUBNET, None, &[&there]), false),
            (network(PRIVATE_SUBNET, Some(managed(None)), &[]), false),
            (network(PUBLIC_SUBNET, Some(managed(service)), &[]), false),
        ] {
            let ordered = RunJobFlow {
                network: network.clone(),
                ..order(&[])
            };
            let id = launch(&sim, ordered).await;
            let mut state = ClusterState::Starting;
            while state == ClusterState::Starting {
                secs(10).await;
                state = sim
                    .serve(DescribeCluster { id: id.clone() })
                    .await
                    .unwrap()
                    .state;
            }
            assert_eq!(state.is_live(), fits, "{network:?}");
        }
    });
}
