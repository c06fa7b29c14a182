//! Every verb reports why AWS refuses the caller, with the commands that fix it.

use crate::running::Running;
use crate::world::{Done, World};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

const VERBS: &[&[&str]] = &[
    &["status"],
    &["status", "t"],
    &["plan", "t.yaml"],
    &["apply", "t.yaml", "--yes"],
    &["destroy", "t.yaml", "--yes"],
    &["logs", "t"],
    &["ssh", "t"],
    &["extend", "t", "--by", "1h", "--why", "w"],
    &["doctor"],
    &["policy", "push"],
    &["prices", "refresh", "--region", "us-east-1"],
];

const POLICY: &str = "policy: p\napplies_to: { teams: [red] }\nbudget: { monthly: $100 }\n";

/// A double that refuses each call this way.
fn refusing(code: &str, more: &Value) -> World {
    let world = World::new();
    let mut fault = json!({ "call": "*", "do": "refuse", "code": code, "count": 10_000 });
    let fields = fault.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    world.double.post("/_double/faults", fault);
    fs::create_dir(world.path().join("policies")).unwrap();
    world.write("policies/p.yaml", POLICY);
    world
}

#[test]
fn every_verb_reports_each_cause_with_its_fix() {
    let causes: [(&str, Value, &str, &str); 6] = [
        (
            "ExpiredToken",
            json!({}),
            "have expired",
            "next: unset AWS_ACCESS_KEY_ID",
        ),
        (
            "InvalidClientTokenId",
            json!({ "status": 403 }),
            "does not know the access key",
            "next: aws configure",
        ),
        (
            "SignatureDoesNotMatch",
            json!({ "status": 403 }),
            "the secret key does not belong",
            "next: aws configure",
        ),
        (
            "RequestTimeTooSkewed",
            json!({ "status": 403 }),
            "clock is wrong",
            "next: timedatectl",
        ),
        (
            "SignatureDoesNotMatch",
            json!({ "status": 403, "ahead": -7_200 }),
            "clock is wrong: it is 2h ahead",
            "next: timedatectl",
        ),
        (
            "InvalidClientTokenId",
            json!({ "status": 403, "ahead": 7_200 }),
            "clock is wrong: it is 2h behind",
            "next: timedatectl",
        ),
    ];
    for (code, more, cause, cure) in causes {
        let world = refusing(code, &more);
        for verb in VERBS {
            let done = world.run(verb);
            assert_ne!(done.code, 0, "{verb:?}: {}", done.all());
            done.says(cause).says(cure);
        }
    }
}

#[test]
fn a_region_that_is_not_enabled_differs_from_an_unknown_key() {
    let world = World::new();
    world.stack(&crate::world::STACK.replace("us-east-1", "me-south-1"));
    for code in [
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "AuthFailure",
    ] {
        world.double.post("/_double/reset", json!({}));
        let fault = json!({
            "call": "*", "do": "refuse", "code": code, "count": 10_000, "region": "me-south-1",
        });
        world.double.post("/_double/faults", fault);
        for verb in [
            &["plan", "t.yaml"][..],
            &["doctor", "--region", "me-south-1"],
        ] {
            world
                .expect(1, verb)
                .says("region me-south-1 is not enabled in this account")
                .says("next: aws account enable-region --region-name me-south-1");
        }
    }
    // The same key, unknown in every region.
    let fault = json!({ "call": "*", "do": "refuse", "code": "InvalidClientTokenId", "count": 99 });
    world.double.post("/_double/faults", fault);
    world
        .expect(1, &["plan", "t.yaml"])
        .says("does not know the access key");
}

/// A run without keys in the environment, and with these profile files.
fn with_profiles(world: &World, args: &[&str], profile: Option<&str>, config: &str) -> Command {
    world.write("config", config);
    let mut command = world.command(args);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("HOME", world.path())
        .env("AWS_CONFIG_FILE", world.path().join("config"));
    if let Some(profile) = profile {
        command.env("AWS_PROFILE", profile);
    }
    command
}

fn run(command: &mut Command) -> Done {
    Done::running(command)
}

const SSO: &str = "[profile dev]\nsso_session = s\nsso_account_id = 123456789012\n\
    sso_role_name = r\n[sso-session s]\nsso_region = us-east-1\n\
    sso_start_url = https://x.awsapps.com/start\nsso_registration_scopes = sso:account:access\n";

#[test]
fn profiles_without_valid_credentials_are_named_with_their_login_command() {
    let world = World::new();
    let keys = "[profile dev]\nregion = us-east-1\n[profile prod]\nregion = us-east-1\n";
    let cases = [
        (None, "", "no credentials for AWS", "next: aws login"),
        (
            Some("dve"),
            keys,
            "no AWS profile dve",
            "next: export AWS_PROFILE=dev",
        ),
        (
            Some("dev"),
            SSO,
            "dev is not logged in",
            "next: aws sso login --profile dev",
        ),
        (
            Some("dev"),
            "[profile dev]\ncredential_process = false\n",
            "the credential process of profile dev",
            "next: aws sts get-caller-identity --profile dev",
        ),
    ];
    for (profile, config, cause, cure) in cases {
        for verb in [&["status"][..], &["plan", "t.yaml"], &["doctor"]] {
            let done = run(&mut with_profiles(&world, verb, profile, config)).expect(1);
            done.says(cause).says(cure);
        }
    }
}

const MFA: &str = "[profile ops]\nrole_arn = arn:aws:iam::123456789012:role/ops\n\
    source_profile = keys\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n\
    [profile keys]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n";

#[test]
fn no_code_is_asked_for_without_a_terminal() {
    let world = World::new();
    for verb in [&["status"][..], &["plan", "t.yaml"], &["doctor"]] {
        let done = run(&mut with_profiles(&world, verb, Some("ops"), MFA)).expect(1);
        done.says("profile ops needs a multi-factor authentication code")
            .says("no terminal to enter it on")
            .says("next: eval \"$(aws configure export-credentials --format env --profile ops)\"");
    }
    assert!(world.double.calls().is_empty());
}

/// The same on a terminal on which these lines are typed.
fn on_terminal(world: &World, args: &[&str], config: &str, typed: &str) -> Done {
    let plain = with_profiles(world, args, Some("ops"), config);
    let mut command = Command::new("python3");
    let spawn = "import pty,os,sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    command
        .args(["-c", spawn])
        .arg(plain.get_program())
        .args(plain.get_args());
    for (key, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    command
        .current_dir(world.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = Running::start(&mut command);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    let done = Done::of(child);
    drop(stdin);
    done
}

#[test]
fn a_code_is_asked_for_once_and_serves_all_calls() {
    let world = World::new();
    let done = on_terminal(&world, &["plan", "t.yaml"], MFA, "123456\n").expect(0);
    done.says("MFA code for arn:aws:iam::123456789012:mfa/me:");
    assert_eq!(
        done.out.matches("MFA code for").count(),
        1,
        "{}",
        done.all()
    );
    let calls = world.double.calls();
    let taken = calls.iter().filter(|call| call.call == "sts:AssumeRole");
    assert_eq!(taken.count(), 1);
    // Through a second profile whose source is the first.
    let chain = format!(
        "{MFA}[profile top]\nrole_arn = arn:aws:iam::123456789012:role/top\nsource_profile = ops\n"
    )
    .replace("profile top]", "profile x]")
    .replace("profile ops]", "profile base]")
    .replace("source_profile = ops", "source_profile = base")
    .replace("profile x]", "profile ops]");
    world.double.reset_calls();
    on_terminal(&world, &["status"], &chain, "123456\n").expect(0);
    let calls = world.double.calls();
    let taken = calls.iter().filter(|call| call.call == "sts:AssumeRole");
    assert_eq!(taken.count(), 2);
}

#[test]
fn a_code_that_aws_refuses_is_reported() {
    let world = World::new();
    let message = "MultiFactorAuthentication failed with invalid MFA one time pass code.";
    let fault = json!({
        "call": "sts:AssumeRole", "do": "refuse", "code": "AccessDenied", "message": message,
        "status": 403, "count": 9,
    });
    world.double.post("/_double/faults", fault);
    let done = on_terminal(&world, &["status"], MFA, "12\n123456\n").expect(1);
    assert_eq!(
        done.out.matches("MFA code for").count(),
        2,
        "{}",
        done.all()
    );
    done.says("invalid MFA one time pass code")
        .says("the next code: each code works once");
}

#[test]
fn aws_login_is_enough() {
    let world = World::new();
    let session = "arn:aws:iam::123456789012:user/me";
    let config = format!("[profile dev]\nlogin_session = {session}\n");
    let cache = world.path().join(".aws/login/cache");
    fs::create_dir_all(&cache).unwrap();
    let name = Command::new("python3")
        .args([
            "-c",
            "import hashlib,sys; print(hashlib.sha256(sys.argv[1].encode()).hexdigest())",
        ])
        .arg(session)
        .output()
        .unwrap();
    let name = String::from_utf8(name.stdout).unwrap();
    let token = json!({
        "accessToken": {
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "s", "sessionToken": "t",
            "accountId": "123456789012", "expiresAt": "2099-01-01T00:00:00Z",
        },
        "tokenType": "aws_sigv4", "refreshToken": "r", "idToken": "i",
        "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": "k",
    });
    fs::write(
        cache.join(format!("{}.json", name.trim())),
        token.to_string(),
    )
    .unwrap();
    run(&mut with_profiles(
        &world,
        &["status"],
        Some("dev"),
        &config,
    ))
    .expect(0);
}
