//! Names that others chose: a staged file is read under its name, a parsed name leads to nothing
//! else, and a printed name stays on one line.

use crate::fleet_status::{fleet_status, noon};
use crate::row::{Kind, Never, Row, table};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use clusterup::dash::{Dash, router};
use clusterup::model::clock::Clock;
use clusterup::model::name::{AccountId, ClusterId, KeyPairName, StackName, TeamName};
use clusterup::model::place::Place;
use clusterup::model::relative::{FileName, RelativePath};
use clusterup::model::shown::{self, Untrusted};
use clusterup::model::staged::{staged_name, unread};
use clusterup::model::watched_account::RoleArn;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tower::ServiceExt;

pub(crate) fn rows() -> Vec<Row> {
    let long = format!("{}.csv.gz", "é".repeat(300));
    let million = "a name ".repeat(150_000);
    [
        table(
            Kind::Names,
            Never::Lost,
            is_staged,
            &[
                ("data that Hadoop skips", "_ratings.csv"),
                ("data that is hidden", ".ratings.csv"),
                ("data that is being copied", "ratings.csv._COPYING_"),
                ("data with a scheme", "s3:ratings.csv"),
                ("data with a backslash", "a\\b.csv"),
                ("data that is a list", "a,b.csv"),
                ("data that is a pattern", "*?[a]{b}.csv"),
                ("data of two lines", "a\nb.csv"),
                ("data that turns around", "a\u{202e}vsc.b"),
                ("data that colours", "\u{1b}[2Ja.csv"),
                ("data that is a path", "../../etc/passwd"),
                ("data with an option's name", "-rf"),
                ("data for a shell", "$(reboot);`reboot`.csv"),
                ("data without a name", ""),
            ],
        ),
        table(
            Kind::Names,
            Never::Lost,
            is_staged,
            &[("data of a long name", long)],
        ),
        table(
            Kind::Names,
            Never::Lost,
            leads_nowhere,
            &[
                ("a name that leads up", "../../others"),
                ("a name that is absolute", "/etc/passwd"),
                ("a name that is above", ".."),
                ("no name", ""),
                ("a name with a NUL", "a\0b"),
                ("a name that stays and is a path", "a/./b"),
            ],
        ),
        table(
            Kind::Names,
            Never::Lost,
            is_no_account,
            &[
                ("an account that leads up", "../../../../others"),
                ("an account that is a folder", "12345678901/"),
                (
                    "an account of other digits",
                    "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}",
                ),
                ("an account of 13 digits", "1234567890123"),
                ("an account and a line", "123456789012\n"),
                ("no account", ""),
            ],
        ),
        table(
            Kind::Names,
            Never::Read,
            is_one_line,
            &[
                ("a cluster of two lines", "a\nus-east-1 j-1 would end"),
                ("a cluster that returns", "a\rj-1 ended"),
                ("a cluster that colours", "a\u{1b}[31mb\u{1b}]0;c\u{7}"),
                ("a cluster of one control character", "a\u{9b}2Jb"),
                ("a cluster that turns around", "a\u{202e}b\u{2066}c"),
                ("a cluster of other line ends", "a\u{2028}b\u{2029}c\u{85}d"),
                ("a cluster that is not seen", "a\u{200b}\u{feff}b"),
                ("a cluster of markup", "<script>alert(1)</script>\"'&"),
                ("a cluster of metrics", "x\"} 1\nclusterup_clusters 99"),
            ],
        ),
        table(
            Kind::Names,
            Never::Read,
            is_one_line,
            &[("a cluster of a million", million)],
        ),
    ]
    .concat()
}

fn is_staged(name: &str) {
    let staged = staged_name(name);
    assert_eq!(unread(&staged), None, "{staged}");
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    assert!(staged.chars().all(plain) && staged.len() <= 200, "{staged}");
    assert!(
        staged.starts_with(|c: char| c.is_ascii_alphanumeric()),
        "{staged}"
    );
    assert!(staged.parse::<FileName>().is_ok());
}

fn leads_nowhere(name: &str) {
    assert!(name.parse::<RelativePath>().is_err());
    assert!(name.parse::<FileName>().is_err());
    assert!(name.parse::<StackName>().is_err());
    assert!(name.parse::<TeamName>().is_err());
    assert!(name.parse::<KeyPairName>().is_err());
    assert!(name.parse::<ClusterId>().is_err());
    let json = serde_json::to_string(name).unwrap();
    assert!(serde_json::from_str::<FileName>(&json).is_err());
    assert!(serde_json::from_str::<ClusterId>(&json).is_err());
}

fn is_no_account(text: &str) {
    assert!(text.parse::<AccountId>().is_err());
    assert!(format!("{text}:us-east-1").parse::<Place>().is_err());
    assert!(
        format!("arn:aws:iam::{text}:role/w")
            .parse::<RoleArn>()
            .is_err()
    );
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        noon()
    }
}

/// Shown it is one line of what it says; on the page and among metrics it is text.
fn is_one_line(name: &str) {
    let shown = Untrusted::from(name).to_string();
    assert!(shown.chars().all(shown::is_plain), "{shown:?}");
    assert!(shown.chars().count() <= 500);
    let json = serde_json::to_string(&Untrusted::from(name)).unwrap();
    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), name);

    let printed = shown::json(&json);
    assert!(printed.chars().all(shown::is_plain), "{printed}");
    assert_eq!(serde_json::from_str::<String>(&printed).unwrap(), name);

    let [page, metrics, fleet_status] = served(name);
    let [plain_page, plain_metrics, _] = served("plain");
    for (served, plain) in [(page, plain_page), (metrics, plain_metrics)] {
        let markup = |page: &str| page.matches('<').count();
        assert_eq!(served.lines().count(), plain.lines().count());
        assert_eq!(markup(&served), markup(&plain));
        let fits = |c: char| c == '\n' || shown::is_plain(c);
        assert!(served.chars().all(fits), "{served}");
    }
    // JSON has the true text, in escapes.
    assert!(!fleet_status.chars().any(|c| c < ' ' && c != '\n'));
    let fleet_status: serde_json::Value = serde_json::from_str(&fleet_status).unwrap();
    assert_eq!(fleet_status["clusters"][0]["name"], name);
}

const PAGES: [&str; 3] = ["/", "/metrics", "/api/picture"];

/// The page where a cluster, its owner and what is said of it are called so.
fn served(name: &str) -> [String; 3] {
    let mut fleet_status = fleet_status(noon());
    for row in &mut fleet_status.clusters {
        row.name = name.into();
        row.owner = Some(name.into());
        row.evidence = name.to_owned();
        row.cause = Some(name.to_owned());
    }
    let (_pictures, seen) = watch::channel(Arc::new(fleet_status));
    let router = router(Dash {
        fleet_statuses: seen,
        requests: mpsc::channel(1).0,
        token: None,
        clock: Arc::new(Noon),
        stalled_after: Duration::from_secs(300),
    });
    crate::run(async {
        let mut pages = Vec::new();
        for path in PAGES {
            let request = Request::get(path).header("host", "localhost");
            let request = request.body(Body::empty()).unwrap();
            let reply = router.clone().oneshot(request).await.unwrap();
            let body = to_bytes(reply.into_body(), usize::MAX).await.unwrap();
            pages.push(String::from_utf8(body.to_vec()).unwrap());
        }
        pages.try_into().unwrap()
    })
}
