//! Partitions of AWS that clusterup does not support are refused by name at the start.

use crate::world::{STACK, World};

#[test]
fn a_partition_without_prices_is_refused_at_the_start() {
    let world = World::new();
    for (region, part) in [
        ("cn-north-1", "AWS China"),
        ("us-iso-east-1", "AWS's secret regions"),
        ("eusc-de-east-1", "the AWS European Sovereign Cloud"),
    ] {
        world.stack(&STACK.replace("us-east-1", region));
        world.double.reset_calls();
        for args in [
            &["apply", "t.yaml", "--yes", "--create-roles"][..],
            &["plan", "t.yaml"],
            &["destroy", "t.yaml", "--yes"],
            &["watchdog", "sweep", "--region", region],
            &["status", "--region", region],
            &["prices", "refresh", "--region", region],
        ] {
            let done = world.expect(2, args);
            let says = format!("clusterup does not support {region} in {part}");
            done.says(&says)
                .says("help: use a commercial region of AWS, or GovCloud");
        }
        let calls: Vec<String> = world.double.calls().into_iter().map(|it| it.call).collect();
        assert!(calls.is_empty(), "{region}: {calls:?}");
    }
}

#[test]
fn govcloud_has_no_budgets_of_its_own() {
    let world = World::new();
    let policy = "policy: p\napplies_to: { teams: [a] }\nbudget: { monthly: $5 }\n";
    std::fs::create_dir(world.path().join("policies")).unwrap();
    world.write("policies/p.yaml", policy);
    let mut command = world.command(&["policy", "push", "--dry-run"]);
    command.env("AWS_REGION", "us-gov-west-1");
    let out = command.output().unwrap();
    let message = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{message}");
    assert!(
        message.contains("AWS GovCloud (US), which has no AWS Budgets"),
        "{message}"
    );
}
