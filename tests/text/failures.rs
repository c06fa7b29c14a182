//! `on_failure: stop` beside steps that do not wait for each other.

use clusterup::text::{Setting, parse};
use std::path::Path;

fn mistakes(concurrency: &str, step: &str, set: &[&str]) -> Vec<String> {
    let text = format!(
        "stack: x\nregion: us-east-1\n\
         cluster: {{ release: emr-7.x, size: 1 x m5.xlarge{concurrency} }}\n\
         job: {{ steps: [{{ name: one, script: s3://bucket/one.py{step} }}] }}\n"
    );
    let sets: Vec<Setting> = set.iter().map(|set| set.parse().unwrap()).collect();
    match parse("x.yaml", &text, Path::new(""), &sets) {
        Ok(_) => Vec::new(),
        Err(wrong) => wrong.iter().map(|found| found.message.clone()).collect(),
    }
}

#[test]
fn a_step_stops_no_step_that_runs_beside_it() {
    let refused = |level: u16| {
        vec![format!(
            "a step cannot stop the others while {level} run at the same time"
        )]
    };
    let (two, stop) = (", step_concurrency: 2", ", on_failure: stop");
    assert_eq!(mistakes(two, stop, &[]), refused(2));
    assert_eq!(mistakes(two, ", on_failure: 'stop'", &[]), refused(2));
    let set = ["cluster.step_concurrency=256"];
    assert_eq!(mistakes("", stop, &set), refused(256));
    let set = ["job.steps.one.on_failure=stop"];
    assert_eq!(mistakes(two, "", &set), refused(2));
    for (level, step) in [
        ("", stop),
        (", step_concurrency: 1", stop),
        (two, ""),
        (two, ", on_failure: continue"),
    ] {
        assert_eq!(mistakes(level, step, &[]), [""; 0], "{level} {step}");
    }
    // Other mistakes are reported alone.
    assert_eq!(mistakes(", step_concurrency: 0", stop, &[]).len(), 1);
    assert_eq!(mistakes(two, ", on_failure: stp", &[]).len(), 1);
}
