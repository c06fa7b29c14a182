//! `doctor`: what the account, or this machine, has for clusters, what it lacks, what mends it.

use super::args::DoctorArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use super::target::Target;
use super::view::words::{count, wrap};
use crate::cloud::local::machine;
use crate::cloud::local::runtime::Report;
use serde_json::json;

pub(super) async fn run(
    args: &DoctorArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    if args.target.local {
        return this_machine(context, screen);
    }
    let target = Target::open(&args.target, None, context).await?;
    screen.text(&format!("AWS {}", target.place()));
    let mut findings = target.cloud.checkup().await;
    if args.try_schedule {
        findings.extend(target.cloud.try_schedule().await);
    }
    for finding in &findings {
        let what = &finding.what;
        let sign = if finding.good { ' ' } else { '!' };
        screen.text(&format!("{sign} {what:12}{}", wrap(&finding.says, 14)));
        for hint in &finding.hints {
            screen.text(&screen.advice(hint, 14));
        }
    }
    let ready = findings.iter().all(|finding| finding.good);
    let exit = if ready { Exit::Done } else { Exit::Failed };
    let fields = json!({ "region": target.region, "findings": findings });
    screen.document("doctor", exit.code(), fields);
    Ok(exit)
}

fn this_machine(context: &Context, screen: &Screen) -> Result<Exit, Failure> {
    let report = context.store()?.check();
    let (memory, cores) = machine::machine();
    screen.text(&format!("machine   {memory}, {cores} cores"));
    let exit = python(&report, screen);
    runtime(&report, screen);
    screen.text(&format!("cache     {}", report.cache.display()));
    let machine = json!({ "memory": memory, "cores": cores });
    let state = if report.runtime.is_some() {
        "installed"
    } else {
        "missing"
    };
    screen.document(
        "doctor",
        exit.code(),
        json!({ "machine": machine, "runtime": state, "report": report }),
    );
    Ok(exit)
}

fn python(report: &Report, screen: &Screen) -> Exit {
    match (&report.python, &report.python_missing) {
        (Some(python), _) => {
            let (major, minor) = python.version;
            screen.text(&format!(
                "python    {major}.{minor}, {}",
                python.path.display()
            ));
            if python.ensurepip || python.pip {
                return Exit::Done;
            }
            screen.text("          has neither pip nor ensurepip; Spark cannot be installed");
            screen.text("          next: apt-get install python3-venv");
        }
        (None, Some((missing, hint))) => {
            screen.text(&format!("python    {missing}\n          next: {hint}"));
        }
        (None, None) => screen.text("python    not there"),
    }
    Exit::Failed
}

fn runtime(report: &Report, screen: &Screen) {
    let Report {
        runtime,
        spark,
        java,
        packages,
        ..
    } = report;
    match runtime {
        Some(runtime) => {
            screen.text(&format!(
                "spark     {spark}, {}",
                runtime.spark_home.display()
            ));
            screen.text(&format!(
                "java      {java}, {}",
                runtime.java_home.display()
            ));
            let archive = match runtime.archive {
                Some(_) => "there: Java starts faster",
                None => "not there: Java starts slower, all else is the same",
            };
            screen.text(&format!("archive   {archive}"));
            screen.text(&format!("packages  {}", count(*packages as u64, "set")));
        }
        None => {
            screen.text(&format!("spark     {spark} is not installed yet"));
            screen.text(&format!("java      {java} is not installed yet"));
            screen.text("          next: nothing; the first apply --local installs both");
        }
    }
}
