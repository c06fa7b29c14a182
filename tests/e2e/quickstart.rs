//! The README's first command, on the shipped stack.

use crate::documents;
use crate::home::{Home, signal};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rust_decimal::Decimal;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The shipped stack in a home of its own, so that its results land there.
fn copy(home: &Home) -> String {
    fs::create_dir_all(home.path().join("stacks")).unwrap();
    let examples = home.path().join("examples");
    std::os::unix::fs::symlink(root().join("examples"), examples).unwrap();
    let text = fs::read_to_string(root().join("stacks/quickstart.yaml")).unwrap();
    home.write("stacks/quickstart.yaml", &text)
        .to_string_lossy()
        .into_owned()
}

#[test]
fn ends_with_the_table_and_leaves_nothing_running() {
    let home = Home::new();
    let stack = copy(&home);
    let done = home.expect(0, &["apply", &stack, "--local"]);
    done.says("movie_id")
        .says("score")
        .says("strength")
        .says("results/quickstart");
    readme(&format!("{}{}", done.out, done.err));
    home.until_quiet(3);

    let results = home.path().join("results/quickstart");
    let similar = fs::read_to_string(results.join("similar/similar.csv")).unwrap();
    assert_eq!(similar.lines().count(), 11, "{similar}");
    planted(&home, &similar);

    summed_up(&done.out, &home);
    paged(&home);
    let status = home.json(&["status", "--local"]);
    assert_eq!(status["stacks"][0]["stack"], "quickstart");
    let cost = would_have_cost(&home);
    same_cost(&done.out, &cost);
    home.expect(0, &["destroy", "quickstart", "--local", "--yes"]);
    assert_eq!(home.left(), Vec::<PathBuf>::new());
    assert_eq!(
        would_have_cost(&home),
        cost,
        "the ledger outlives the stack"
    );
    assert!(results.join("similar/similar.csv").exists());
}

/// Its summary follows the results, can be shown again, and finds nothing wrong.
fn summed_up(printed: &str, home: &Home) {
    assert!(printed.contains("similarities ended well in "), "{printed}");
    assert!(
        printed.contains("\n  ran on      2 executors of "),
        "{printed}"
    );
    let shown = home.json(&["summary", "quickstart", "--local"]);
    let runs = shown["runs"].as_array().unwrap();
    let run = runs.iter().find(|run| run["step"] == "similarities");
    let run = run.unwrap_or_else(|| panic!("{shown:#}"));
    assert_eq!(run["application"]["complete"], true, "{run:#}");
    let plain = ["cluster", "executors", "memory", "longest", "data"];
    for remark in run["remarks"].as_array().unwrap() {
        let kind = remark["kind"].as_str().unwrap();
        assert!(plain.contains(&kind), "{remark:#}");
    }
}

/// Spark's pages of the run are shown to their owner alone, until a signal.
fn paged(home: &Home) {
    let mut running = home.spawn(&["ui", "quickstart", "--local"]);
    let mut address = String::new();
    let mut out = BufReader::new(running.stdout.take().unwrap());
    out.read_line(&mut address).unwrap();
    let (address, name) = address.trim_end().split_once("  ").unwrap();
    assert_eq!(name, "movie-similarities");
    let (_, rest) = address.split_once("://clusterup:").unwrap();
    let (password, rest) = rest.split_once('@').unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    assert!(path.starts_with("history/app-"), "{path}");
    let page = format!("http://{host}/api/v1/applications");
    let pair = STANDARD.encode(format!("clusterup:{password}"));
    let owner = ureq::get(&page).header("authorization", format!("Basic {pair}"));
    let text = owner.call().unwrap().body_mut().read_to_string().unwrap();
    assert!(text.contains("movie-similarities"), "{text}");
    let refused = ureq::get(&page).call();
    assert!(matches!(refused, Err(ureq::Error::StatusCode(401))));
    signal(running.id(), "TERM");
    assert!(running.wait().unwrap().success());
    home.until_quiet(3);
}

/// The documents show this table.
fn readme(printed: &str) {
    let blocks = documents::blocks();
    let shown = blocks
        .iter()
        .filter(|block| block.language == "console" && block.mark == "spark");
    let samples: Vec<_> = shown.flat_map(documents::Block::samples).collect();
    assert!(!samples.is_empty());
    for (command, sample) in samples {
        assert!(
            documents::same(&sample, printed),
            "`{command}` does not print {sample} but\n{printed}"
        );
    }
}

/// The row of the stack in a report, whose parts sum to its total.
fn would_have_cost(home: &Home) -> Value {
    let report = home.json(&["cost", "report", "--local", "--since", "1h"]);
    assert_eq!(report["would_have_cost"], true);
    let row = &report["report"]["rows"][0];
    let amount = |part: &str| -> Decimal {
        let number = row[part]["usd"].as_number().unwrap().to_string();
        Decimal::from_scientific(&number)
            .or(number.parse())
            .unwrap()
    };
    let parts = ["bootstrapping", "working", "failed", "idle"].map(amount);
    let difference = parts.iter().sum::<Decimal>() - amount("total");
    // The numbers were read with 15 digits.
    assert!(difference.abs() < Decimal::new(1, 12), "{report:#}");
    assert!(amount("working") > Decimal::ZERO, "{report:#}");
    assert_eq!(row["key"], "quickstart");
    row.clone()
}

/// What `apply` says the cluster would have cost is what the ledger says, to the cent.
fn same_cost(printed: &str, row: &Value) {
    let words: Vec<&str> = printed.split_whitespace().collect();
    let printed = words.join(" ");
    let (_, said) = printed
        .split_once("which would have cost on EMR $")
        .unwrap_or_else(|| panic!("{printed}"));
    let said: Decimal = said.split(' ').next().unwrap().parse().unwrap();
    let recorded = row["total"]["usd"].as_number().unwrap().to_string();
    let recorded: Decimal = recorded.parse().unwrap();
    assert_eq!(said.round_dp(2), recorded.round_dp(2));
}

/// The ten are the others of the asked movie's taste group, as `make_ratings.py` planted them, and
/// their scores those of an independent computation.
fn planted(home: &Home, similar: &str) {
    let state = home
        .state()
        .join("clusterup/local/quickstart/bucket/scratch");
    let job = fs::read_dir(state).unwrap().next().unwrap().unwrap().path();
    let planted = fs::read_to_string(job.join("ml/planted.csv")).unwrap();
    let group_of = |movie: &str| {
        planted
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{movie},")))
            .map(str::to_owned)
    };
    let wanted = group_of("260").expect("260 is in a group");
    for line in similar.lines().skip(1) {
        let movie = line.split(',').nth(1).unwrap();
        assert_eq!(group_of(movie).as_ref(), Some(&wanted), "{line}");
    }
    check(
        &job.join("ml/ratings.dat"),
        &home.path().join("results/quickstart/similar/similar.csv"),
    );
}

/// `check.py` needs numpy: the package folder that the program itself installed has it.
fn check(ratings: &Path, similar: &Path) {
    let script = root().join("examples/movie-similarities/check.py");
    let folders = glob_packages();
    let output = Command::new("python3")
        .arg(script)
        .arg("--ratings")
        .arg(ratings)
        .args(["--movie", "260", "--similar"])
        .arg(similar)
        .env("PYTHONPATH", std::env::join_paths(folders).unwrap())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
}

/// Folders of Python packages in the user's cache.
#[expect(
    clippy::disallowed_methods,
    reason = "tests look where the program looks"
)]
fn glob_packages() -> Vec<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache"));
    let packages = cache.join("clusterup/packages");
    fs::read_dir(packages).map_or(Vec::new(), |entries| {
        entries.flatten().map(|entry| entry.path()).collect()
    })
}
