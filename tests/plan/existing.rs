//! What a plan does to what exists: key pairs, rules of security groups, schedules, clusters.

use super::{STACK, World, facts, stack};
use clusterup::model::action::Action;
use clusterup::model::facts::{Capacity, Facts};
use clusterup::model::hint::Command;
use clusterup::model::observed::{Observed, ObservedKeyPair};
use clusterup::model::plan::{Plan, Planned};
use clusterup::model::safeguard::{Safeguard, SafeguardKind};
use clusterup::model::stack::{Ingress, IngressSource, SecurityGroup, Stack};
use clusterup::model::unarmed::Unarmed;
use clusterup::plan::{self, Options};

fn planned(stack: &Stack, facts: &Facts, seen: &Observed, options: Options) -> Plan {
    plan::plan(stack, facts, seen, options).unwrap().0
}

#[test]
fn a_key_pair_is_replaced_with_consent_if_its_public_key_is_another_one() {
    let stack = stack(STACK);
    let actions = |public_key: Option<&str>, existing: &str, ours: bool| {
        let mut facts = facts(&stack);
        let name = "spark".parse().unwrap();
        facts.public_keys = public_key
            .map(|key| (name, key.to_owned()))
            .into_iter()
            .collect();
        let mut world = World::new();
        world.seen.key_pairs = vec![ObservedKeyPair {
            name: "spark".parse().unwrap(),
            public_key: existing.to_owned(),
            ours,
        }];
        let plan = planned(&stack, &facts, &world.seen, Options::default());
        let of_keys = |planned: &Planned| {
            let deletes = matches!(planned.action, Action::DeleteKeyPair(_));
            let creates = matches!(planned.action, Action::CreateKeyPair(_));
            let word = if deletes { "delete" } else { "create" };
            (deletes || creates).then_some((word, planned.asks))
        };
        plan.actions.iter().filter_map(of_keys).collect::<Vec<_>>()
    };
    let replaced = [("delete", true), ("create", false)];
    assert_eq!(actions(Some("ssh-ed25519 a"), "ssh-ed25519 a", false), []);
    assert_eq!(
        actions(Some("ssh-ed25519 a"), "ssh-ed25519 b", false),
        replaced
    );
    assert_eq!(actions(None, "ssh-ed25519 a", true), []);
    assert_eq!(actions(None, "ssh-ed25519 a", false), replaced);
}

/// What a plan changes about the rules of a group, and why.
fn rules(want: &str, have: &[(u16, IngressSource)]) -> Option<String> {
    let stack = stack(&STACK.replace("{ port: 22, from: caller }", want));
    let rule = |(port, from): &(u16, IngressSource)| Ingress {
        port: *port,
        from: from.clone(),
    };
    let mut world = World::new();
    world.seen.security_groups = vec![SecurityGroup {
        name: "ssh".parse().unwrap(),
        ingress: have.iter().map(rule).collect(),
        vpc: None,
    }];
    let plan = planned(&stack, &facts(&stack), &world.seen, Options::default());
    let mut updates = plan.actions.into_iter();
    let update = updates.find(|it| matches!(it.action, Action::UpdateGroup(_)));
    update.map(|it| it.because)
}

#[test]
fn rules_of_a_group_are_those_of_the_stack_and_of_other_callers() {
    use IngressSource::{Caller, Here, Other, Range};
    let range = || "10.0.0.0/8".parse().unwrap();
    let host = || "10.1.2.3/32".parse().unwrap();
    let caller = "{ port: 22, from: caller }";
    let fixed = "{ port: 22, from: 10.0.0.0/8 }";
    let both = "{ port: 22, from: caller }, { port: 443, from: 10.0.0.0/8 }";
    for (want, have) in [
        (caller, vec![(22, Caller)]),
        // By address, it shows for whom the port is open.
        (caller, vec![(22, Caller), (22, Here(host()))]),
        (caller, vec![(22, Caller), (22, Other(host()))]),
        (fixed, vec![(22, Range(range()))]),
        (fixed, vec![(22, Here(range()))]),
        (fixed, vec![(22, Other(range()))]),
        (fixed, vec![(22, Here(range())), (22, Caller)]),
        (
            both,
            vec![(22, Caller), (22, Here(host())), (443, Range(range()))],
        ),
    ] {
        assert_eq!(rules(want, &have), None, "{want} {have:?}");
    }
    for (want, have, why) in [
        (
            caller,
            vec![],
            "it does not open port 22 from this machine's address",
        ),
        (
            caller,
            vec![(22, Here(host()))],
            "it does not open port 22 from this machine's address",
        ),
        (
            caller,
            vec![(22, Caller), (22, Range(range()))],
            "it opens port 22 from 10.0.0.0/8, which the stack does not have",
        ),
        (
            caller,
            vec![(22, Caller), (8080, Here(host()))],
            "it opens port 8080 from this machine's address, which the stack does not have",
        ),
        (
            fixed,
            vec![(22, Range(range())), (22, Here(host()))],
            "it opens port 22 from this machine's address, which the stack does not have",
        ),
        (
            fixed,
            vec![(22, Range(range())), (22, Caller)],
            "it opens port 22 from this machine's address, which the stack does not have",
        ),
        (
            fixed,
            vec![(443, Range(range()))],
            "it opens port 443 from 10.0.0.0/8 where the stack has 22 from 10.0.0.0/8",
        ),
        (
            fixed,
            vec![(22, Other(host()))],
            "it does not open port 22 from 10.0.0.0/8",
        ),
    ] {
        assert_eq!(rules(want, &have).as_deref(), Some(why), "{want} {have:?}");
    }
}

#[test]
fn a_schedule_is_armed_once_the_roles_exist() {
    let stack = stack(STACK);
    let why = || Unarmed::Removed;
    let command = || Command::clusterup("apply");
    let lacking = |kind| Safeguard::disarmed(kind, why(), command());
    let armed = |kind| Safeguard::armed(kind, None, "it ends the cluster");
    let updates = |safeguards: Vec<Safeguard>, create_roles: bool| {
        let mut world = World::new();
        world.pass(&stack);
        world.seen.clusters[0].safeguards = safeguards;
        let options = Options {
            create_roles,
            ..Options::default()
        };
        let plan = planned(&stack, &facts(&stack), &world.seen, options);
        let mut actions = plan.actions.into_iter();
        let update = actions.find(|it| matches!(it.action, Action::UpdateCluster(..)));
        update.map(|it| it.because)
    };
    use SafeguardKind::{IdlePolicy, PowerOff, Schedule};
    let because = Some("its schedule can be armed now that the roles exist".to_owned());
    assert_eq!(
        updates(vec![armed(PowerOff), lacking(Schedule)], true),
        because
    );
    assert_eq!(
        updates(vec![armed(PowerOff), lacking(Schedule)], false),
        None
    );
    assert_eq!(updates(vec![armed(PowerOff), armed(Schedule)], true), None);
    assert_eq!(
        updates(vec![lacking(IdlePolicy), armed(Schedule)], true),
        None
    );
    assert_eq!(updates(Vec::new(), true), None);
}

/// Why a cluster of one size of the stack is replaced by one of another.
fn replaced(from: &str, to: &str) -> Option<String> {
    let sized = |size: &str| stack(&STACK.replace("size: 3 x m5.xlarge", size));
    let on_aws = |stack: &Stack| Facts {
        capacity: Capacity::AsTyped,
        ..facts(stack)
    };
    let (before, after) = (sized(from), sized(to));
    let mut world = World::new();
    let plan = planned(&before, &on_aws(&before), &world.seen, Options::default());
    plan.actions.iter().for_each(|it| world.make(&it.action));
    let plan = planned(&after, &on_aws(&after), &world.seen, Options::default());
    let mut actions = plan.actions.into_iter();
    let end = actions.find(|it| matches!(it.action, Action::TerminateCluster(..)));
    end.map(|it| it.because)
}

#[test]
fn a_cluster_whose_shape_cannot_change_is_replaced() {
    let groups = "size: { primary: m5.xlarge, core: 2 x m5.xlarge }";
    let fleet = "size: { primary: m5.xlarge, core: { fleet: { types: [m5.xlarge], spot: 2 } } }";
    for (from, to, why) in [
        (groups, groups, None),
        (fleet, fleet, None),
        (
            groups,
            fleet,
            Some("replaced: its instance groups become fleets"),
        ),
        (
            fleet,
            groups,
            Some("replaced: its fleets become instance groups"),
        ),
        (
            groups,
            "size: 1 x m5.xlarge",
            Some("replaced: its core nodes are removed"),
        ),
        (
            "size: 1 x m5.xlarge",
            groups,
            Some("replaced: core nodes are added"),
        ),
        // The number of nodes changes while it lives.
        (
            groups,
            "size: { primary: m5.xlarge, core: 3 x m5.xlarge }",
            None,
        ),
        (
            groups,
            "size: { primary: m5.xlarge, core: 2 x r5.xlarge }",
            Some("replaced: the type of its core nodes changes from m5.xlarge to r5.xlarge"),
        ),
        (
            groups,
            "size: { primary: m5.xlarge, core: { nodes: 2 x m5.xlarge, market: spot } }",
            Some("replaced: the market of its core nodes changes"),
        ),
    ] {
        assert_eq!(replaced(from, to).as_deref(), why, "{from} -> {to}");
    }
}

#[test]
fn a_role_that_becomes_a_fleet_of_more_types_replaces_the_cluster() {
    let size = |task: &str| {
        format!(
            "size: {{ primary: m5.xlarge, core: {{ fleet: {{ types: [m5.xlarge], spot: 2 }} }}, \
             task: {task} }}"
        )
    };
    let fleet = "{ fleet: { types: [m5.xlarge, m5a.xlarge], on_demand: 1 } }";
    let why = replaced(&size("1 x m5.xlarge"), &size(fleet)).unwrap();
    assert!(
        why.starts_with("replaced: the list of types of its task fleet changes"),
        "{why}"
    );
}

#[test]
fn the_size_changes_in_place_on_emr_and_the_worker_replaces_here() {
    let text = |core: &str| {
        let size = format!("size: {{ primary: m5.xlarge, core: {core} x m5.xlarge }}");
        stack(
            &STACK
                .replace("size: 3 x m5.xlarge", &size)
                .replace("when_done: terminate", "when_done: keep"),
        )
    };
    let actions = |world: &World, stack: &Stack, capacity: Option<Capacity>| {
        let mut facts = facts(stack);
        facts.capacity = capacity.unwrap_or(facts.capacity);
        let plan = planned(stack, &facts, &world.seen, Options::default());
        let actions = plan.actions.into_iter();
        actions
            .map(|it| (it.action, it.because))
            .collect::<Vec<_>>()
    };
    let on_aws = Some(Capacity::AsTyped);
    let mut world = World::new();
    for (action, _) in actions(&world, &text("2"), on_aws) {
        world.make(&action);
    }
    let changes = actions(&world, &text("3"), on_aws);
    let [(Action::UpdateCluster(..), because)] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(because, "the number of core nodes changes from 2 to 3");
    // On this machine, less memory for the same workers.
    let mut world = World::new();
    world.pass(&text("2"));
    let smaller = Some(Capacity::Machine {
        memory: clusterup::model::memory::Memory::from_mib(8_192),
        cores: 2,
    });
    let changes = actions(&world, &text("2"), smaller);
    let because = &changes[0].1;
    assert!(
        because.starts_with("replaced: each worker's memory changes"),
        "{because}"
    );
}

fn refusals(stack: &Stack, facts: &Facts) -> Vec<String> {
    let refused = plan::expand::expand(stack, facts).err().unwrap_or_default();
    refused.into_iter().map(|it| it.message).collect()
}

#[test]
fn what_emr_alone_has_is_refused_and_noted_there_alone() {
    let of = |text: &str, capacity: Option<Capacity>| {
        let stack = stack(text);
        let mut facts = facts(&stack);
        facts.capacity = capacity.unwrap_or(facts.capacity);
        (refusals(&stack, &facts), stack, facts)
    };
    let old = STACK.replace("emr-7.x, ", "emr-5.20.0, step_concurrency: 3, ");
    let on_aws = Some(Capacity::AsTyped);
    let refused = ["emr-5.20.0 has no step_concurrency"];
    assert_eq!(of(&old, on_aws).0, refused);
    assert_eq!(of(&old, None).0, Vec::<String>::new());
    let lease =
        |span: &str| STACK.replace("guardrails: {", &format!("guardrails: {{ lease: {span},"));
    let expires = ["a lease of 9m59s could expire while apply still follows the cluster"];
    assert_eq!(of(&lease("9m59s"), on_aws).0, expires);
    assert_eq!(of(&lease("10m"), on_aws).0, Vec::<String>::new());
    assert_eq!(of(&lease("9m59s"), None).0, Vec::<String>::new());
    let protected = STACK.replace("emr-7.x, ", "emr-7.x, termination_protection: true, ");
    for (text, capacity, is_protected) in [
        (protected.as_str(), on_aws, true),
        (protected.as_str(), None, false),
        (STACK, on_aws, false),
    ] {
        let (_, stack, facts) = of(text, capacity);
        let (desired, _) = plan::expand::expand(&stack, &facts).unwrap();
        assert_eq!(desired.cluster.termination_protection, is_protected);
    }
}

#[test]
fn an_unknown_price_matters_where_something_is_billed_or_budgeted() {
    let refused = |text: &str, capacity: Option<Capacity>| {
        let stack = stack(text);
        let mut facts = facts(&stack);
        facts.capacity = capacity.unwrap_or(facts.capacity);
        facts.prices = Err("nobody knows".to_owned());
        refusals(&stack, &facts).len()
    };
    let budget = STACK.replace("guardrails: {", "guardrails: { budget: $5,");
    let on_aws = Some(Capacity::AsTyped);
    assert_eq!((refused(STACK, None), refused(&budget, None)), (0, 1));
    assert_eq!((refused(STACK, on_aws), refused(&budget, on_aws)), (1, 1));
}

#[test]
fn a_budget_has_to_be_more_than_the_first_minute_and_the_ending() {
    // Three nodes at $0.24/h, which end within ten minutes.
    let refused = |budget: &str| {
        let text = STACK.replace(
            "guardrails: {",
            &format!("guardrails: {{ budget: {budget},"),
        );
        let stack = stack(&text);
        let mut facts = facts(&stack);
        facts.ending = clusterup::model::span::Span::from_secs(600);
        refusals(&stack, &facts)
    };
    let small =
        "a budget of $0.12 is too small: the first minute and an ending of up to 10m cost $0.12";
    assert_eq!(refused("$0.12"), [small]);
    assert_eq!(refused("$0.13"), Vec::<String>::new());
}

#[test]
fn bootstrap_actions_run_on_emr_alone() {
    let text = STACK.replace(
        "emr-7.x, ",
        "emr-7.x, bootstrap: [{ name: tools, script: tools.sh, args: [--fast] }], ",
    );
    let stack = stack(&text);
    let expanded = |capacity: Option<Capacity>| {
        let mut facts = facts(&stack);
        let mut script = facts.step_files.files.values().next().unwrap().clone();
        script.path = "/s/tools.sh".into();
        facts.step_files.bootstrap = [("/s/tools.sh".into(), script)].into_iter().collect();
        facts.capacity = capacity.unwrap_or(facts.capacity);
        let (desired, _) = plan::expand::expand(&stack, &facts).unwrap();
        (desired.cluster.bootstrap.len(), desired.objects.len())
    };
    // Its script is staged beside those of the steps and the data.
    assert_eq!(expanded(Some(Capacity::AsTyped)), (1, 4));
    assert_eq!(expanded(None), (0, 3));
}

#[test]
fn an_unknown_type_is_refused_with_those_of_its_family() {
    let hint = |name: &str| {
        let refused = plan::fit::known(&name.parse().unwrap()).unwrap_err();
        refused.hint.to_string()
    };
    assert_eq!(
        hint("m5.huge"),
        "sizes of m5 begin with m5.xlarge, m5.2xlarge"
    );
    let common = "common types are m5.xlarge, m6g.xlarge, c5.xlarge and r5.xlarge";
    assert_eq!(hint("m99.xlarge"), common);
}
