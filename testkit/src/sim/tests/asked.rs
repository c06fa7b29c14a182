//! What EMR refuses, and how it lists.

use super::{CALM, describe, launch, order, run, steps, terminate, until};
use crate::sim::Sim;
use clusterup::cloud::api::emr::{
    AddJobFlowSteps, AddTags, ListClusters, ListReleaseLabels, ListSteps, RemoveTags, Role,
    RunJobFlow, SetTerminationProtection,
};
use clusterup::cloud::api::{Kind, Serve, Tags};
use clusterup::model::observed::{ClusterState, StepState};
use clusterup::model::span::Span;

fn tag(key: &str) -> Tags {
    Tags::from([(key.to_owned(), String::new())])
}

#[test]
fn protection_holds_and_others_of_the_call_end() {
    run(async {
        let sim = Sim::with(5, CALM);
        let one = launch(&sim, order(&["long"])).await;
        let two = launch(&sim, order(&["long"])).await;
        until(&sim, &one, ClusterState::Running).await;
        let protect = |protected| SetTerminationProtection {
            ids: vec![one.clone()],
            protected,
        };
        sim.serve(protect(true)).await.unwrap();
        assert_eq!(terminate(&sim, &[&one, &two]).await, Err(Kind::Invalid));
        assert_eq!(describe(&sim, &one).await.state, ClusterState::Running);
        assert_eq!(describe(&sim, &two).await.state, ClusterState::Terminating);
        sim.serve(protect(false)).await.unwrap();
        assert_eq!(terminate(&sim, &[&one, &two]).await, Ok(()));
        assert_eq!(steps(&sim, &one).await[0].state, StepState::Interrupted);
        let ended = until(&sim, &one, ClusterState::Terminated).await;
        assert_eq!(ended.reason.as_deref(), Some("USER_REQUEST"));
        assert_eq!(terminate(&sim, &[&one]).await, Ok(()), "again is harmless");
        assert_eq!(terminate(&sim, &["j-NONE"]).await, Err(Kind::NotFound));
        let late = AddJobFlowSteps {
            id: one,
            steps: order(&["late"]).steps,
        };
        assert_eq!(sim.serve(late).await.unwrap_err().kind, Kind::Invalid);
    });
}

#[test]
fn what_emr_refuses_is_refused_at_once() {
    const WRONG: [fn(&mut RunJobFlow); 16] = [
        |order| order.name = "a<b".to_owned(),
        |order| order.name = "a".repeat(257),
        |order| order.release = "7.9.0".to_owned(),
        |order| order.release = "emr-7.9".to_owned(),
        |order| order.idle_timeout = Some(Span::from_secs(59)),
        |order| order.idle_timeout = Some(Span::from_secs(604_801)),
        |order| order.release = "emr-5.29.0".to_owned(),
        |order| order.release = "emr-6.0.0".to_owned(),
        |order| order.groups.clear(),
        |order| order.groups[0].count = 3,
        |order| order.groups[1].role = Role::Task,
        |order| order.tags = tag("a,b"),
        |order| order.tags = tag("aws:a"),
        |order| order.tags = (0..51).flat_map(|n| tag(&n.to_string())).collect(),
        |order| order.steps[0].command.words.push("x".repeat(10_241)),
        |order| order.steps = vec![order.steps[0].clone(); 257],
    ];
    run(async {
        let sim = Sim::with(6, CALM);
        for (index, change) in WRONG.into_iter().enumerate() {
            let mut order = order(&["one"]);
            change(&mut order);
            let refused = sim.serve(order).await.unwrap_err();
            assert_eq!(refused.kind, Kind::Invalid, "{index}");
        }
        assert_eq!(sim.census().clusters, []);
        assert_eq!(sim.journal(), []);
    });
}

#[test]
fn tags_come_and_go_while_a_cluster_lives() {
    run(async {
        let sim = Sim::with(7, CALM);
        let mut order = order(&[]);
        order.release = "emr-spark-8.0.0".to_owned();
        order.tags = tag("one");
        let id = launch(&sim, order).await;
        let add = |key| AddTags {
            id: id.clone(),
            tags: tag(key),
        };
        sim.serve(add("two")).await.unwrap();
        let bad = sim.serve(add("a$")).await.unwrap_err();
        assert_eq!(bad.kind, Kind::Invalid);
        let remove = |keys: &[&str]| RemoveTags {
            id: id.clone(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        };
        sim.serve(add("four")).await.unwrap();
        sim.serve(remove(&["four", "five"])).await.unwrap();
        terminate(&sim, &[&id]).await.unwrap();
        let late = sim.serve(remove(&["one"])).await.unwrap_err();
        assert_eq!(late.kind, Kind::Invalid);
        let late = sim.serve(add("three")).await.unwrap_err();
        assert_eq!(late.kind, Kind::Invalid);
        assert_eq!(describe(&sim, &id).await.tags.len(), 2);
    });
}

#[test]
fn lists_come_in_pages() {
    run(async {
        let sim = Sim::with(9, CALM);
        let mut ids = Vec::new();
        for _ in 0..120 {
            ids.push(launch(&sim, order(&[])).await);
        }
        let (mut next, mut found, mut pages) = (None, Vec::new(), 0);
        loop {
            let states = vec![ClusterState::Starting, ClusterState::Waiting];
            let list = ListClusters {
                states,
                created_after: None,
                next,
            };
            let page = sim.serve(list).await.unwrap();
            found.extend(page.items.into_iter().map(|summary| summary.id));
            pages += 1;
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        ids.sort();
        found.sort();
        assert_eq!((pages, found), (3, ids));

        let names: Vec<_> = (0..100).map(|number| number.to_string()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let id = launch(&sim, order(&names)).await;
        let first = sim
            .serve(ListSteps {
                id: id.clone(),
                next: None,
            })
            .await
            .unwrap();
        assert_eq!(
            (first.items.len(), first.items[0].name.as_str()),
            (50, "99")
        );
        let second = sim
            .serve(ListSteps {
                id,
                next: first.next,
            })
            .await
            .unwrap();
        assert_eq!((second.items[49].name.as_str(), second.next), ("0", None));
        let labels = ListReleaseLabels {
            prefix: "emr-7.".to_owned(),
            next: None,
        };
        assert_eq!(sim.serve(labels).await.unwrap().items.len(), 15);
    });
}
