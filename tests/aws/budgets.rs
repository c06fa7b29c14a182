//! Policies' budgets through the SDK, against a server for AWS's requests: created, changed, fixed
//! and removed, and read by separate code.

use crate::double::Double;
use clusterup::cloud::api::budgets::{
    CreateBudget, CreateNotification, DeleteBudget, DeleteNotification,
    DescribeNotificationsForBudget, UpdateBudget,
};
use clusterup::cloud::api::{Kind, Serve};
use clusterup::cloud::aws::Sdk;
use clusterup::cloud::budgets::actuals;
use clusterup::cloud::budgets::diff::desired_budgets;
use clusterup::cloud::budgets::model::DesiredBudget;
use clusterup::cloud::budgets::push::{account, plan, push};
use clusterup::model::policy::{AppliesTo, Limits, Located, MonthlyBudget, Policy, WhenSpent};
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:spending";
const FOLDER: &str = "CLUSTERUP_TEST_FOLDER";

/// An account, and a folder for passing requests and results.
struct Office {
    double: Double,
    folder: TempDir,
}

fn team(policy: &str, team: &str, monthly: &str, shares: &[u8], tells: &[&str]) -> Value {
    json!({ "policy": policy, "team": team, "monthly": monthly, "shares": shares, "tells": tells })
}

fn usual() -> Value {
    let tells = ["a@example.com", TOPIC, "b@example.com"];
    json!([
        team("ads", "one", "$100", &[50, 80], &tells),
        team("ads", "two", "$7.5", &[], &tells[..1]),
        team("old", "one", "$1", &[90], &[]),
    ])
}

/// A request in AWS's form.
fn shown(spec: &Value) -> Value {
    let (policy, team) = (
        spec["policy"].as_str().unwrap(),
        spec["team"].as_str().unwrap(),
    );
    let tells = spec["tells"].as_array().unwrap();
    let reported = tells.iter().map(|who| {
        let sns = who == TOPIC;
        json!({ "SubscriptionType": if sns { "SNS" } else { "EMAIL" }, "Address": who })
    });
    let reported: Vec<_> = reported.collect();
    let shares = spec["shares"].as_array().unwrap().iter();
    let shares = shares.map(|share| share.as_f64().unwrap()).chain([100.0]);
    let notices = shares.filter(|_| !reported.is_empty()).map(|share| {
        json!({
            "NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN",
            "Threshold": share, "ThresholdType": "PERCENTAGE", "Subscribers": reported,
        })
    });
    let monthly: f64 = spec["monthly"].as_str().unwrap()[1..].parse().unwrap();
    let budget = json!({
        "BudgetName": format!("clusterup_{policy}_{team}"),
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": { "Amount": format!("{monthly:?}"), "Unit": "USD" },
        "CostFilters": { "TagKeyValue": [format!("user:clusterup-team${team}")] },
        "CostTypes": {
            "IncludeTax": true, "IncludeSubscription": true, "UseBlended": false,
            "IncludeRefund": false, "IncludeCredit": false, "IncludeUpfront": true,
            "IncludeRecurring": true, "IncludeOtherSubscription": true,
            "IncludeSupport": true, "IncludeDiscount": true, "UseAmortized": false,
        },
    });
    json!({ "budget": budget, "notices": notices.collect::<Vec<_>>() })
}

impl Office {
    fn new() -> Self {
        let (double, folder) = (Double::start(), tempfile::tempdir().unwrap());
        double.post("/_double/budgets/page", json!({ "size": 2 }));
        Self { double, folder }
    }

    /// Runs a part in its own process, because the SDK reads the environment.
    fn part(&self, part: &str) -> Output {
        let mut command = Command::new(env::current_exe().unwrap());
        let name = format!("budgets::part_{part}");
        command.args(["--exact", &name, "--ignored"]);
        self.double.env(&mut command);
        command.env(FOLDER, self.folder.path()).output().unwrap()
    }

    #[track_caller]
    fn done(&self, part: &str) {
        let done = self.part(part);
        let message = String::from_utf8_lossy(&done.stdout);
        assert!(
            done.status.success() && message.contains("1 passed"),
            "{message}"
        );
    }

    fn spec(&self, specs: &Value) {
        fs::write(self.folder.path().join("wishes"), specs.to_string()).unwrap();
    }

    /// Pushes and checks the result. Returns the calls that changed something.
    #[track_caller]
    fn push(&self, specs: &Value) -> Vec<String> {
        self.spec(specs);
        self.double.reset_calls();
        self.done("push");
        let calls = self.double.calls().into_iter().filter(|call| call.mutates);
        self.check(specs);
        calls.map(|call| call.call).collect()
    }

    #[track_caller]
    fn check(&self, specs: &Value) {
        let expected: Vec<_> = specs.as_array().unwrap().iter().map(shown).collect();
        assert_eq!(self.double.budgets(), json!(expected));
    }

    /// Changes something as somebody else, and expects a push to fix it with these calls.
    #[track_caller]
    fn drift(&self, operation: &str, mut asked: Value, calls: &[&str]) {
        asked["AccountId"] = json!("123456789012");
        self.double.aws("us-east-1", "budgets", operation, asked);
        assert_eq!(self.push(&usual()), calls, "{operation}");
    }
}

/// The fields of a usual budget.
fn of(number: usize) -> Value {
    shown(&usual()[number])["budget"].take()
}

#[test]
fn budgets_are_created_changed_removed_and_then_left_alone() {
    let office = Office::new();
    let mut specs = usual();
    assert_eq!(office.push(&specs), ["budgets:CreateBudget"; 3]);
    assert_eq!(office.push(&specs), [""; 0]);
    specs[0]["monthly"] = json!("$250");
    assert_eq!(office.push(&specs), ["budgets:UpdateBudget"]);
    specs[0]["shares"] = json!([50, 75]);
    assert_eq!(office.push(&specs), ["budgets:UpdateNotification"]);
    specs[1]["tells"] = json!(["c@example.com"]);
    assert_eq!(office.push(&specs), ["budgets:UpdateSubscriber"]);
    specs[1]["tells"] = json!([TOPIC]);
    let other_kind = ["budgets:CreateSubscriber", "budgets:DeleteSubscriber"];
    assert_eq!(office.push(&specs), other_kind);
    specs[2]["tells"] = json!([TOPIC, "c@example.com"]);
    assert_eq!(office.push(&specs), ["budgets:CreateNotification"; 2]);
    specs.as_array_mut().unwrap().remove(1);
    assert_eq!(office.push(&specs), ["budgets:DeleteBudget"]);
    assert_eq!(office.push(&specs), [""; 0]);
    assert_eq!(office.push(&json!([])), ["budgets:DeleteBudget"; 2]);
    let left = office.double.left("us-east-1", "");
    assert_eq!(left["budgets"], json!([]));
}

#[test]
fn changes_of_others_are_fixed() {
    let office = Office::new();
    office.push(&usual());
    let update = ["budgets:UpdateBudget"];
    let edit = |edit: &dyn Fn(&mut Value)| {
        let mut budget = of(0);
        edit(&mut budget);
        office.drift("update_budget", json!({ "NewBudget": budget }), &update);
    };
    edit(&|budget| budget["BudgetLimit"]["Amount"] = json!("99.5"));
    edit(&|budget| budget["TimeUnit"] = json!("QUARTERLY"));
    edit(&|budget| budget["CostFilters"]["TagKeyValue"] = json!(["user:clusterup-team$two"]));
    edit(&|budget| budget["CostFilters"] = json!({}));
    edit(&|budget| budget["CostTypes"]["IncludeCredit"] = json!(true));
    let named = |more: Value| {
        let mut asked = json!({ "BudgetName": "clusterup_ads_one" });
        asked
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        asked
    };
    let at = |share: f64, of: &str| {
        json!({
            "NotificationType": of, "ComparisonOperator": "GREATER_THAN", "Threshold": share,
        })
    };
    let mail = json!({ "SubscriptionType": "EMAIL", "Address": "z@example.com" });
    let (make, delete) = ("budgets:CreateNotification", "budgets:DeleteNotification");
    let asked = named(json!({ "Notification": at(80.0, "ACTUAL") }));
    office.drift("delete_notification", asked, &[make]);
    for (share, of) in [(33.3, "ACTUAL"), (80.0, "FORECASTED")] {
        let asked = json!({ "Notification": at(share, of), "Subscribers": [mail] });
        office.drift("create_notification", named(asked), &[delete]);
    }
    let asked = json!({ "Notification": at(50.0, "ACTUAL"), "Subscriber": mail });
    office.drift(
        "create_subscriber",
        named(asked),
        &["budgets:DeleteSubscriber"],
    );
    let topic = json!({ "SubscriptionType": "SNS", "Address": TOPIC });
    let asked = json!({ "Notification": at(50.0, "ACTUAL"), "Subscriber": topic });
    office.drift(
        "delete_subscriber",
        named(asked),
        &["budgets:CreateSubscriber"],
    );
    let asked = json!({ "BudgetName": "clusterup_ads_one" });
    office.drift("delete_budget", asked, &["budgets:CreateBudget"]);
}

#[test]
fn other_changes_recreate_the_budget_and_foreign_budgets_are_left_alone() {
    let office = Office::new();
    office.push(&usual());
    let anew = ["budgets:DeleteBudget", "budgets:CreateBudget"];
    let mut other = of(0);
    other["BudgetLimit"]["Unit"] = json!("EUR");
    office.drift("update_budget", json!({ "NewBudget": other }), &anew);
    other["BudgetType"] = json!("USAGE");
    other.as_object_mut().unwrap().remove("CostTypes");
    office.drift("update_budget", json!({ "NewBudget": other }), &anew);
    let mut gone = of(0);
    gone["BudgetName"] = json!("clusterup_gone_one");
    office.drift("create_budget", json!({ "Budget": gone }), &anew[..1]);
    let mut theirs = of(0);
    theirs["BudgetName"] = json!("clusterup of the other department");
    let asked = json!({ "AccountId": "123456789012", "Budget": theirs });
    office
        .double
        .aws("us-east-1", "budgets", "create_budget", asked);
    office.spec(&json!([]));
    office.done("push");
    let left = office.double.budgets();
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["budget"], theirs);
}

#[test]
fn an_interrupted_push_is_continued() {
    let mut specs = usual();
    specs[0]["monthly"] = json!("$250");
    specs[0]["shares"] = json!([50, 75]);
    specs[1]["team"] = json!("three");
    let office = Office::new();
    let calls = [
        "CreateBudget",
        "UpdateBudget",
        "DeleteBudget",
        "UpdateNotification",
    ];
    for (call, when) in calls
        .iter()
        .flat_map(|call| [(call, "before"), (call, "after")])
    {
        office.push(&usual());
        office.spec(&specs);
        let kill = json!([{ "do": "kill", "call": format!("budgets:{call}"), "when": when }]);
        office.double.post("/_double/faults", kill);
        assert!(!office.part("push").status.success(), "{call} {when}");
        office.push(&specs);
    }
}

#[test]
fn the_spending_in_aws_is_read() {
    let office = Office::new();
    office.push(&usual());
    for (name, amount) in [("ads_one", json!("120.25")), ("ads_two", Value::Null)] {
        let reported = json!({ "name": format!("clusterup_{name}"), "amount": amount });
        office.double.post("/_double/budgets/actual", reported);
    }
    office.double.reset_calls();
    office.done("actuals");
    let found = fs::read_to_string(office.folder.path().join("actuals")).unwrap();
    assert_eq!(found, "ads one $120.25\nold one $0.00\n");
    let calls: Vec<_> = office
        .double
        .calls()
        .into_iter()
        .map(|call| call.call)
        .collect();
    assert_eq!(calls, ["budgets:DescribeBudgets"; 2]);
}

#[test]
fn errors_have_their_kinds() {
    Office::new().done("refused");
}

#[test]
#[ignore = "a part of another test"]
fn part_push() {
    run(async |sdk, folder| {
        let specs = fs::read_to_string(folder.join("wishes")).unwrap();
        let specs: Vec<Value> = serde_json::from_str(&specs).unwrap();
        let policies: Vec<_> = specs.iter().map(policy).collect();
        let (want, account) = (desired_budgets(&policies), account(&sdk).await.unwrap());
        let agreed = plan(&sdk, &account, &want).await.unwrap();
        let there = push(&sdk, &account, &want, &agreed).await.unwrap();
        let expected: Vec<_> = want.iter().map(DesiredBudget::seen).collect();
        assert_eq!(there, expected);
    });
}

#[test]
#[ignore = "a part of another test"]
fn part_actuals() {
    run(async |sdk, folder| {
        let found = actuals(&sdk, "123456789012").await.unwrap();
        let lines = found.iter().map(|((policy, team), actual)| {
            assert!(actual.at.timestamp() > 1_700_000_000);
            format!("{policy} {team} {}\n", actual.usd)
        });
        fs::write(folder.join("actuals"), lines.collect::<String>()).unwrap();
    });
}

#[test]
#[ignore = "a part of another test"]
fn part_refused() {
    run(async |sdk, _| {
        let account = "123456789012".to_owned();
        let spec = team("p", "t", "$1", &[], &["a@example.com"]);
        let seen = desired_budgets(&[policy(&spec)])[0].seen();
        let (budget, notices) = (seen.budget, seen.notices);
        let (name, next) = (budget.name.clone(), None);
        let (notice, subscribers) = notices.first_key_value().unwrap();
        let create = CreateBudget {
            account: account.clone(),
            budget,
            notices: notices.clone(),
        };
        let update = UpdateBudget {
            account: account.clone(),
            budget: create.budget.clone(),
        };
        let delete = DeleteBudget {
            account: account.clone(),
            budget: name.clone(),
        };
        let tell = CreateNotification {
            account: account.clone(),
            budget: name.clone(),
            notice: notice.clone(),
            subscribers: subscribers.clone(),
        };
        let silence = DeleteNotification {
            account: account.clone(),
            budget: name.clone(),
            notice: notice.clone(),
        };
        let list = DescribeNotificationsForBudget {
            account,
            budget: name,
            next,
        };
        let kind = |error: clusterup::cloud::api::ApiError| error.kind;
        let missing = Some(Kind::NotFound);
        assert_eq!(sdk.serve(update.clone()).await.err().map(kind), missing);
        assert_eq!(sdk.serve(tell.clone()).await.err().map(kind), missing);
        assert_eq!(sdk.serve(list.clone()).await.err().map(kind), missing);
        sdk.serve(delete.clone()).await.unwrap();
        sdk.serve(create.clone()).await.unwrap();
        assert_eq!(sdk.serve(create).await.err().map(kind), Some(Kind::Exists));
        assert_eq!(sdk.serve(tell).await.err().map(kind), Some(Kind::Exists));
        assert_eq!(
            sdk.serve(list).await.unwrap().items,
            std::slice::from_ref(notice)
        );
        sdk.serve(silence.clone()).await.unwrap();
        sdk.serve(silence).await.unwrap();
        let account = "210987654321".to_owned();
        let elsewhere = sdk.serve(UpdateBudget { account, ..update }).await;
        assert_eq!(elsewhere.err().map(kind), Some(Kind::Denied));
    });
}

fn policy(spec: &Value) -> Policy {
    let text = |key: &str| spec[key].as_str().unwrap();
    let list = |key: &str| spec[key].as_array().unwrap().clone();
    let shares = list("shares")
        .into_iter()
        .map(|share| format!("{share}%").parse().unwrap());
    let tells = list("tells")
        .into_iter()
        .map(|who| who.as_str().unwrap().to_owned());
    let value = MonthlyBudget {
        monthly: text("monthly").parse().unwrap(),
        notify_at: shares.collect(),
        when_spent: WhenSpent::Block,
        timezone: "UTC".parse().unwrap(),
        subscribers: tells.collect(),
        home: "us-east-1".parse().unwrap(),
    };
    Policy {
        name: text("policy").parse().unwrap(),
        file: "p.yaml".to_owned(),
        applies_to: AppliesTo {
            teams: Some(vec![text("team").parse().unwrap()]),
            stacks: None,
        },
        budget: Some(Located { value, line: 1 }),
        limits: Limits::default(),
        off_hours: None,
        rules: Vec::new(),
        overrides: None,
        unmanaged: None,
        exempt: None,
        watchdog: clusterup::model::orders::WatchdogRules::default(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nobody else can say where AWS is"
)]
fn run(part: impl AsyncFnOnce(Sdk, PathBuf)) {
    let place = env::var("AWS_ENDPOINT_URL").unwrap_or_default();
    assert!(place.starts_with("http://127.0.0.1:"), "run by itself");
    let folder = PathBuf::from(env::var_os(FOLDER).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        // Budgets have one endpoint, whatever the region.
        let sdk = Sdk::connect(&"ap-northeast-2".parse().unwrap()).await;
        part(sdk, folder).await;
    });
}
