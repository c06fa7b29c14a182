//! `policy test`: tests policies with examples that state the expected verdict.

use crate::app::failure::{Exit, Failure};
use crate::app::judged;
use crate::app::policies::PolicySource;
use crate::app::policies::{self, LoadedPolicies};
use crate::app::session::Session;
use crate::app::stack_file::{self, StackFile};
use crate::app::text_file;
use crate::cli::flags::PoliciesArgs;
use crate::cli::verb::{Finished, Verb};
use crate::cli::view::policy::word;
use crate::cli::view::words::wrap;
use crate::model::clock::Clock;
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::policy::Example;
use crate::model::policy::Standing;
use crate::model::stack::Stack;
use crate::policy::team_account::Figures;
use crate::policy::{Finding, Judgement, overspent};
use crate::run::account_store::Budget;
use crate::run::clock::SystemClock;
use crate::text;
use serde::Serialize;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct TestArgs {
    /// Files of examples [default: tests/*.yaml in the policies' folders]
    files: Vec<PathBuf>,
    #[command(flatten)]
    policies: PoliciesArgs,
}

impl Verb for TestArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let read = self.policies.place().read_here(session).await?;
        if read.policies.is_empty() {
            return Err(policies::none());
        }
        let files = if self.files.is_empty() {
            beside(&read)
        } else {
            self.files.clone()
        };
        if files.is_empty() {
            return Err(Failure::input("no examples were found")
                .hint("write some into policies/tests/, or name their files"));
        }
        let mut failed = 0_usize;
        let mut all = Vec::new();
        for file in &files {
            for example in examples(file)? {
                let result = ExampleResult::of(&example, &read, session)?;
                reporter.text(result.line(file).trim_end());
                failed += usize::from(!result.passed());
                all.push(result.document(file));
            }
        }
        let count = all.len();
        reporter.text(&format!("{} of {count} as expected", count - failed));
        let exit = if failed == 0 {
            Exit::Done
        } else {
            Exit::Failed
        };
        let fields = PolicyTestDocument {
            examples: all,
            failed,
            from: read.places,
        };
        Ok(Finished::with(exit, fields))
    }
}

/// The files of examples in the folders that the policies were read from.
fn beside(read: &LoadedPolicies) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for place in &read.places {
        let folder = Path::new(&place.place).join("tests");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        files.extend(paths.filter(|path| policies::is_yaml(path)));
    }
    files.sort();
    files
}

fn examples(file: &Path) -> Result<Vec<Example>, Failure> {
    let text = text_file::read(file).map_err(|unread| {
        unread
            .failure(format!("cannot read {}", file.display()))
            .hint("name a file of examples")
    })?;
    let base = file.parent().unwrap_or(Path::new(""));
    let base = std::path::absolute(base).unwrap_or(base.to_owned());
    text::examples(&file.display().to_string(), &text, &base).map_err(Failure::policy)
}

/// The result of one example.
struct ExampleResult<'a> {
    example: &'a Example,
    judgement: Judgement,
}

impl<'a> ExampleResult<'a> {
    fn of(example: &'a Example, read: &LoadedPolicies, session: &Session) -> Result<Self, Failure> {
        let sets = example.sets.iter().map(|set| set.parse());
        let sets = sets.collect::<Result<Vec<_>, _>>();
        let sets = sets.map_err(|wrong| {
            Failure::input(format!(
                "a setting of example {} is not valid",
                example.name
            ))
            .caused_by(&wrong)
            .hint("write it as KEY=VALUE")
        })?;
        let stack = stack_file::read(&StackFile {
            sets,
            ..StackFile::new(&example.stack)
        })?;
        let catalog = session.environment.catalog();
        let now = SystemClock.now();
        let by = &session.environment.who;
        let judgement = judged::judge(&stack, &read.policies, &catalog, by, now);
        let worst = judged::price(&stack, &catalog, now).map(|price| price.worst);
        let judgement = judgement.with(months(example, &stack, read, worst));
        Ok(Self { example, judgement })
    }

    /// The expected reasons that the judgement does not give.
    fn missing_reasons(&self) -> Vec<&str> {
        let is_given = |reason: &str| {
            let mut findings = self.judgement.findings.iter();
            findings.any(|finding| {
                let short = finding.rule.strip_prefix("rules.");
                finding.rule == reason || short == Some(reason)
            })
        };
        let expected = self.example.because.iter().map(String::as_str);
        expected.filter(|reason| !is_given(reason)).collect()
    }

    fn passed(&self) -> bool {
        self.judgement.standing == self.example.expect && self.missing_reasons().is_empty()
    }

    fn line(&self, file: &Path) -> String {
        let Example { name, line, .. } = self.example;
        if self.passed() {
            return format!("ok      {name}");
        }
        let actual = self.judgement.standing;
        let expected = self.example.expect;
        let mut text = format!(
            "FAILED  {name} ({}:{line})\n  expected {}, got {}\n",
            file.display(),
            word(expected),
            word(actual)
        );
        for reason in self.missing_reasons() {
            let _ = writeln!(text, "  missing reason: {reason}");
        }
        for finding in &self.judgement.findings {
            let why = format!("{}: {}", finding.rule, finding.message);
            let _ = writeln!(text, "  - {}", wrap(&why, 4));
        }
        text
    }

    fn document(&self, file: &Path) -> ExampleDocument {
        let lacks = self.missing_reasons().into_iter();
        ExampleDocument {
            file: file.to_owned(),
            line: self.example.line,
            name: self.example.name.clone(),
            expected: self.example.expect,
            standing: self.judgement.standing,
            lacks: lacks.map(str::to_owned).collect(),
            good: self.passed(),
            findings: self.judgement.findings.clone(),
        }
    }
}

/// Findings of the team budgets for the month that the example describes.
fn months(
    example: &Example,
    stack: &Stack,
    read: &LoadedPolicies,
    worst: Option<Usd>,
) -> Vec<Finding> {
    let Some((team, asked)) = stack.team.as_ref().zip(worst) else {
        return Vec::new();
    };
    if example.spent.is_none() && example.reserved.is_none() {
        return Vec::new();
    }
    let budgets = read.policies.budgets(&stack.name, Some(team));
    let of = |(policy, budget): &Budget<'_>| {
        let spent = example.spent.unwrap_or_default();
        let figures = Figures {
            month: Month::of(SystemClock.now(), budget.value.timezone),
            budget: budget.value.monthly,
            counted: spent,
            aws: None,
            spent,
            reserved: example.reserved.unwrap_or_default(),
            asked,
        };
        overspent(policy, budget, team, &figures)
    };
    budgets.iter().filter_map(of).collect()
}

/// How the examples of policies were judged.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct PolicyTestDocument {
    /// The examples.
    examples: Vec<ExampleDocument>,
    /// How many of them were not judged as expected.
    failed: usize,
    /// Where the policies were read.
    from: Vec<PolicySource>,
}

/// One example.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct ExampleDocument {
    /// Its file.
    file: PathBuf,
    /// Its line there, from 1.
    line: usize,
    /// Its name.
    name: String,
    /// How it is to be judged.
    expected: Standing,
    /// How it was judged.
    standing: Standing,
    /// The reasons that are expected and were not given.
    lacks: Vec<String>,
    /// Whether it was judged as expected.
    good: bool,
    /// What the policies found.
    findings: Vec<Finding>,
}
