//! What the machines of clusters may write, and roles that an interruption left without
//! permissions.

use crate::kills::at;
use crate::process::Process;
use crate::request::{StackRequest, bucket};
use crate::run;
use clusterup::cloud::Finding;
use clusterup::cloud::{Acting, Readiness};
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup::run::follow::Outcome;
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::sim::{Settings, Sim};

const BARE: Settings = Settings {
    default_roles: false,
    reaper_role: false,
    ..Settings::USUAL
};
const MACHINES: &str = "EMR_EC2_DefaultRole";
const SERVICE: &str = "EMR_DefaultRole";
const REAPER: &str = "clusterup-reaper";

fn request() -> StackRequest {
    StackRequest {
        scripts: vec![0],
        ..StackRequest::plain("t")
    }
}

fn control(sim: &Sim) -> Vec<String> {
    let census = sim.census();
    let keys = census.buckets[&bucket()].iter();
    let mut keys: Vec<_> = keys
        .filter(|key| !key.starts_with("work/"))
        .cloned()
        .collect();
    let others = ["locks/t.json", "teams/recsys.json", "watchdog/lock"];
    keys.extend(others.map(str::to_owned));
    keys.extend(["stacks/work/scripts/0/x.py", "workshop/x", "work"].map(str::to_owned));
    keys
}

async fn create_roles(process: &Process) {
    let stack = "t".parse().unwrap();
    let made = process
        .account
        .apply(&stack, &Action::CreateRoles, &NoListener);
    made.await.unwrap();
}

/// What `doctor` finds wrong of permissions, with the commands that set it right.
async fn wrong(process: &Process) -> Vec<(String, String)> {
    let findings = process.account.checkup(None).await.into_iter();
    let bad = findings.filter(|it| !it.good && it.what.contains(" of "));
    let hints = |it: &Finding| it.hints.iter().map(ToString::to_string).collect();
    bad.map(|it| (it.what.clone(), hints(&it))).collect()
}

async fn guarded(settings: Settings) {
    let sim = Sim::with(1, settings);
    let process = Process::calm(&sim, 1);
    if !settings.default_roles {
        create_roles(&process).await;
    }
    let outcome = process.applied(&request().case()).await.unwrap();
    // Its results were written by its machines.
    assert_eq!(outcome, Some(Outcome::Completed));
    let keys = control(&sim);
    assert!(
        keys.iter().any(|key| key.contains("/clusters/")),
        "{keys:?}"
    );
    for key in keys {
        assert!(!sim.write_as_machine(&bucket(), &key, "forged"), "{key}");
        for action in ["s3:DeleteObject", "s3:PutObjectAcl", "s3:PutObjectTagging"] {
            assert!(!sim.machines_may(action, &bucket(), &key), "{action} {key}");
        }
    }
    for key in ["work/t/results/x", "work/t/logs/j-1/x", "work_$folder$"] {
        assert!(sim.write_as_machine(&bucket(), key, "mine"), "{key}");
    }
    assert_eq!(wrong(&process).await, []);
}

#[test]
fn machines_write_their_work_alone() {
    // With AWS's own role, which may do all with S3, the bucket's policy alone holds.
    run(guarded(Settings::USUAL));
    run(guarded(BARE));
}

#[test]
fn doctor_shows_excess_permissions_and_create_roles_removes_them() {
    run(async {
        let sim = Sim::with(2, BARE);
        let process = Process::calm(&sim, 1);
        create_roles(&process).await;
        process.detached(&request().case()).await.unwrap();
        assert!(!process.account.has_missing_roles().await.unwrap());
        let own = sim.census().guards[&bucket()].policy.clone();
        let of = |text: &str| text.replace("BUCKET", &bucket());
        let wide = of(
            r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::BUCKET/stacks/*"}}"#,
        );
        let open = of(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"Tls","Effect":"Deny","Principal":"*",
            "Action":"s3:*","Resource":"arn:aws:s3:::BUCKET/*",
            "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#,
        );
        for policy in [None, Some(open.as_str())] {
            sim.set_bucket_policy(&bucket(), policy);
            let found = wrong(&process).await;
            assert_eq!(found.len(), 1, "{found:?}");
            let command = &found[0].1;
            assert!(command.starts_with("aws s3api put-bucket-policy --region us-east-1"));
            assert!(command.contains("Tls") == policy.is_some(), "{command}");
            assert!(process.account.has_missing_roles().await.unwrap());
            create_roles(&process).await;
            assert!(!sim.write_as_machine(&bucket(), "locks/t.json", "x"));
            assert_eq!(wrong(&process).await, []);
        }
        let kept = sim.census().guards[&bucket()].policy.clone().unwrap();
        assert!(kept.contains("SecureTransport"), "{kept}");
        sim.set_bucket_policy(&bucket(), own.as_deref());
        sim.set_policies(MACHINES, &[("clusterup", &wide)]);
        let found = wrong(&process).await;
        assert!(
            found[0]
                .1
                .starts_with("aws iam put-role-policy --role-name EMR_EC2_DefaultRole")
        );
        // With it no job could write its results: that is reported before a cluster is created.
        let other = StackRequest {
            name: "u",
            ..request()
        };
        let refused = Process::calm(&sim, 2).plan(&other.case()).await;
        let refused = format!("{:?}", refused.err());
        assert!(refused.contains("--create-roles"), "{refused}");
        create_roles(&process).await;
        assert_eq!(wrong(&process).await, []);
    });
}

#[test]
fn a_role_without_its_policy_is_shown_and_repaired() {
    run(async {
        for role in [SERVICE, MACHINES, REAPER] {
            let sim = Sim::with(3, Settings::USUAL);
            let process = Process::calm(&sim, 1);
            sim.set_policies(role, &[]);
            let found = wrong(&process).await;
            assert_eq!(found.len(), 1, "{role}: {found:?}");
            assert!(
                found[0].0.contains(role) && found[0].1.contains(role),
                "{found:?}"
            );
            assert!(process.account.has_missing_roles().await.unwrap(), "{role}");
            create_roles(&process).await;
            assert_eq!(wrong(&process).await, [], "{role}");
            assert!(
                !process.account.has_missing_roles().await.unwrap(),
                "{role}"
            );
        }
    });
}

#[test]
fn policies_that_others_attached_to_a_role_stay() {
    run(async {
        let sim = Sim::with(4, Settings::USUAL);
        let process = Process::calm(&sim, 1);
        let own = r#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#;
        for role in [SERVICE, MACHINES] {
            sim.set_policies(role, &[("theirs", own)]);
        }
        let before = sim.census().roles;
        create_roles(&process).await;
        let after = sim.census().roles;
        for role in [SERVICE, MACHINES] {
            assert_eq!(after[role], before[role], "{role}");
        }
    });
}

#[test]
fn emrs_role_gets_the_second_policy_if_the_first_is_refused() {
    run(async {
        let sim = Sim::with(5, BARE);
        let policy = |name: &str| format!("arn:aws:iam::aws:policy/service-role/{name}");
        sim.retire_policy(&policy("AmazonElasticMapReduceRole"));
        let process = Process::calm(&sim, 1);
        create_roles(&process).await;
        let attached = &sim.census().roles[SERVICE];
        assert_eq!(*attached, [policy("AmazonEMRServicePolicy_v2")]);
        process.applied(&request().case()).await.unwrap();
        let none = Sim::with(6, BARE);
        for name in ["AmazonElasticMapReduceRole", "AmazonEMRServicePolicy_v2"] {
            none.retire_policy(&policy(name));
        }
        let stack = "t".parse().unwrap();
        let process = Process::calm(&none, 1);
        let refused = process
            .account
            .apply(&stack, &Action::CreateRoles, &NoListener);
        refused.await.unwrap_err();
        assert!(process.account.has_missing_roles().await.unwrap());
    });
}

/// Interrupts at one call; false if that call was not reached.
async fn cut_off(number: u64, fault: Fault) -> bool {
    let sim = Sim::with(number, BARE);
    let stack = "t".parse().unwrap();
    let first = Process::new(&sim, "ann@desk", 1, at(number, fault));
    let act = first
        .account
        .apply(&stack, &Action::CreateRoles, &NoListener);
    let _ = first.until_death(act).await;
    if first.flaky().calls() < number {
        return false;
    }
    let next = Process::calm(&sim, 2);
    if next.account.has_missing_roles().await.unwrap() {
        create_roles(&next).await;
    }
    assert!(!next.account.has_missing_roles().await.unwrap());
    assert_eq!(wrong(&next).await, [], "{fault:?} at call {number}");
    let roles = sim.census().roles;
    assert_eq!(roles.len(), 3);
    assert!(
        roles.values().all(|policies| policies.len() == 1),
        "{roles:?}"
    );
    assert_eq!(sim.census().profiles[MACHINES].as_deref(), Some(MACHINES));
    true
}

#[test]
fn roles_may_be_cut_off_at_any_call() {
    for fault in [
        Fault::DieBefore,
        Fault::DieAfter,
        Fault::Lost,
        Fault::Unsent,
    ] {
        let points = (1..).take_while(|number| run(cut_off(*number, fault)));
        assert!(points.count() >= 10);
    }
}

#[test]
fn what_an_older_clusterup_wrote_is_read_and_its_live_clusters_continue() {
    run(async {
        let sim = Sim::with(7, Settings::USUAL);
        let home = tempfile::tempdir().unwrap();
        let results = home.path().join("results");
        let request = StackRequest {
            keep: true,
            home: Some(results.clone()),
            ..request()
        };
        let case = request.case();
        let process = Process::calm(&sim, 1);
        process.detached(&case).await.unwrap();
        // A listing may not show it at once.
        tokio::time::sleep(std::time::Duration::from_secs(120)).await;
        // As an older clusterup had it: an empty note, and results among the notes.
        let id = sim.census().clusters[0].id.clone();
        let note = format!("stacks/t/clusters/{id}");
        assert!(sim.put_object(&bucket(), &note, ""));
        assert!(sim.set_bucket_policy(&bucket(), None));
        create_roles(&Process::calm(&sim, 2)).await;
        assert!(sim.write_as_machine(&bucket(), "stacks/t/results/x/y", "late"));
        assert!(sim.write_as_machine(&bucket(), "stacks/t/logs/j-1/y", "late"));
        assert!(!sim.write_as_machine(&bucket(), &note, "forged"));
        assert!(!sim.write_as_machine(&bucket(), "stacks/u/results/x", "late"));
        assert_eq!(wrong(&process).await, []);
        process.applied(&case).await.unwrap();
        let keys = sim.census().buckets[&bucket()].clone();
        let new: Vec<_> = keys
            .iter()
            .filter(|key| key.starts_with("work/t/results/"))
            .collect();
        assert!(!new.is_empty());
        for key in new {
            let old = key.replace("work/", "stacks/");
            assert!(sim.put_object(&bucket(), &old, "of the older"));
            assert!(sim.delete_object(&bucket(), key));
        }
        std::fs::remove_dir_all(&results).unwrap();
        Process::calm(&sim, 2).applied(&case).await.unwrap();
        let text = std::fs::read_to_string(results.join("one/answer.txt")).unwrap();
        assert_eq!(text, "of the older");
        // Once none of them lives, what they might is too much.
        Process::calm(&sim, 3)
            .destroyed(&"t".parse().unwrap())
            .await
            .unwrap();
        assert!(
            sim.census().buckets.is_empty(),
            "{:?}",
            sim.census().buckets
        );
    });
}
