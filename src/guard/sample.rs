//! A cluster for the tests of this room, created at 04:00:00 UTC; times are seconds after that.

use crate::model::desired::{ClusterSpec, InstanceGroups, Worker};
use crate::model::memory::Memory;
use crate::model::observed::{Cluster, ClusterState, Step, StepState};
use crate::model::span::Span;
use crate::model::stack::{Guardrails, WhenDone};
use chrono::{DateTime, TimeDelta, Utc};

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    let birth: DateTime<Utc> = "2026-11-21T04:00:00Z".parse().unwrap();
    birth + TimeDelta::seconds(seconds)
}

/// A cluster with an idle timeout of one minute and a lifetime of ten.
pub(super) fn cluster(ready: Option<i64>) -> Cluster {
    let groups = InstanceGroups::single("m5.xlarge".parse().unwrap());
    let spec = ClusterSpec {
        release: "emr-7.x".parse().unwrap(),
        label: None,
        team: None,
        tags: Default::default(),
        groups,
        size: "1 x m5.xlarge".to_owned(),
        workers: 1,
        worker: Worker {
            memory: Memory::from_mib(1024),
            cores: 1,
        },
        key_pair: None,
        security_groups: Vec::new(),
        network: Default::default(),
        emr: Default::default(),
        bootstrap: Vec::new(),
        step_concurrency: 1,
        termination_protection: false,
        python_packages: Vec::new(),
        guardrails: Guardrails {
            idle_timeout: Span::from_secs(60),
            max_lifetime: Span::from_secs(600),
            when_done: WhenDone::Keep,
            ..Guardrails::default()
        },
        rates: Some("primary=0.192+0.048+0+0".parse().unwrap()),
        ending: Span::from_secs(30),
        overridden: None,
        budgets: Vec::new(),
    };
    let id = "local-1".parse().unwrap();
    let stack = "sample".parse().unwrap();
    Cluster {
        state: ClusterState::Waiting,
        ready_at: ready.map(at),
        ..Cluster::new(id, stack, spec, at(0))
    }
}

pub(super) fn step(state: StepState, started: Option<i64>, ended: Option<i64>) -> Step {
    Step {
        name: "work".parse().unwrap(),
        job: "00112233aabbccdd".parse().unwrap(),
        run: 1,
        state,
        started_at: started.map(at),
        ended_at: ended.map(at),
        ui: None,
        failure: None,
        diagnosis: None,
        stuck: Vec::new(),
        may_fail: false,
        attempt: None,
    }
}
