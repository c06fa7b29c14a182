//! The stack that `clusterup init` writes: it runs as it is, and explains what it says.

use super::scalar;
use crate::model::money::Usd;
use crate::model::name::{DataName, Region, StackName};
use crate::model::span::Span;
use std::fmt::Write as _;

/// What a new stack says.
#[derive(Debug)]
pub struct NewStack {
    /// Its name.
    pub name: StackName,
    /// Its region.
    pub region: Region,
    /// The script, relative to the folder of the stack's file.
    pub script: String,
    /// The packages that the script imports, such as `numpy`.
    pub packages: Vec<String>,
    /// The data sets.
    pub data: Vec<NewData>,
    /// The arguments of the script.
    pub args: Vec<String>,
    /// The arguments that the script requires and whose values are not known, such as `--movie`.
    pub unmet: Vec<String>,
    /// The machines, such as `3 x m5.xlarge`, and why these.
    pub size: (String, String),
    /// The longest life of the cluster.
    pub lifetime: Span,
    /// The budget, and what the cluster costs an hour; `None` if its price is not known.
    pub budget: Option<(Usd, Usd)>,
}

/// A data set of a new stack.
#[derive(Debug)]
pub struct NewData {
    /// Its name.
    pub name: DataName,
    /// Its kind: `path`, `url` or `s3`.
    pub kind: &'static str,
    /// Its path or address.
    pub place: String,
}

/// The argument that is the folder of the results.
pub const RESULTS: &str = "${results}";

/// The column of the comments.
const COMMENTS: usize = 31;

const HEAD: &str = "\
#   clusterup validate STACK         reports every mistake at once
#   clusterup apply STACK --local    runs it on this machine, at no cost
#   clusterup plan STACK             shows what apply would create on AWS, and its price
#   clusterup apply STACK            creates it, runs the job, downloads the results
";

impl NewStack {
    /// The stack in YAML.
    pub fn render(&self) -> String {
        let mut text = Lines::default();
        let script = scalar(&self.script);
        text.line(&format!(
            "# A stack of clusterup: runs {script} on a Spark cluster, and limits when the cluster \
             ends.\n#"
        ));
        text.0.push_str(HEAD);
        text.line("");
        text.line(&format!("stack: {}", self.name));
        text.noted(
            &format!("region: {}", self.region),
            "where the cluster runs",
        );
        self.data(&mut text);
        self.cluster(&mut text);
        self.job(&mut text);
        self.guardrails(&mut text);
        text.0
    }

    /// Whether the script writes results.
    pub fn writes(&self) -> bool {
        self.args.iter().any(|arg| arg.contains(RESULTS))
    }

    fn data(&self, text: &mut Lines) {
        if self.data.is_empty() {
            return;
        }
        text.line("\ndata:");
        for NewData { name, kind, place } in &self.data {
            let line = format!("  {name}: {{ {kind}: {} }}", scalar(place));
            text.noted(&line, &format!("`${{data.{name}}}` in the arguments"));
        }
    }

    fn cluster(&self, text: &mut Lines) {
        let (size, why) = &self.size;
        text.line("\ncluster:");
        text.noted("  release: emr-7.x", "the newest EMR 7");
        text.noted(&format!("  size: {size}"), why);
    }

    fn job(&self, text: &mut Lines) {
        text.line("\njob:");
        if !self.packages.is_empty() {
            let packages: Vec<String> = self.packages.iter().map(|name| scalar(name)).collect();
            let line = format!("  python_packages: [{}]", packages.join(", "));
            text.noted(&line, "what the script imports");
        }
        text.line("  steps:\n    - name: main");
        text.line(&format!("      script: {}", scalar(&self.script)));
        if !self.unmet.is_empty() {
            let unmet = self.unmet.join(", ");
            text.line(&format!(
                "      # The script also requires {unmet}: add it to `args`."
            ));
        }
        if !self.args.is_empty() {
            let args: Vec<String> = self.args.iter().map(|arg| scalar(arg)).collect();
            text.line(&format!("      args: [{}]", args.join(", ")));
        }
        if self.writes() {
            text.noted("  results: results", "where `${results}` is downloaded to");
        }
    }

    fn guardrails(&self, text: &mut Lines) {
        text.line("");
        text.noted("guardrails:", "the cluster ends:");
        text.noted(
            "  idle_timeout: 10m",
            "when it has been idle for ten minutes",
        );
        let lifetime = self.lifetime;
        text.noted(
            &format!("  max_lifetime: {lifetime}"),
            &format!("when it is {lifetime} old"),
        );
        if let Some((budget, hourly)) = &self.budget {
            let note = format!("before it costs this; it costs {hourly} an hour");
            text.noted(&format!("  budget: {budget}"), &note);
        }
        text.noted(
            "  when_done: terminate",
            "when its job is done; `keep` keeps it",
        );
    }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}");
    }

    /// A line with a comment, beside it or above it.
    fn noted(&mut self, line: &str, note: &str) {
        if line.chars().count() < COMMENTS {
            return self.line(&format!("{line:COMMENTS$}# {note}"));
        }
        let indent = line.len() - line.trim_start().len();
        self.line(&format!("{:indent$}# {note}\n{line}", ""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::work::StepFile;
    use std::path::Path;

    fn new() -> NewStack {
        NewStack {
            name: "first-steps".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            script: "my job.py".to_owned(),
            packages: vec!["numpy".to_owned()],
            data: vec![NewData {
                name: "sales".parse().unwrap(),
                kind: "path",
                place: "a folder/with: colons/sales-of-a-year.csv".to_owned(),
            }],
            args: vec!["${data.sales}".to_owned(), "${results}/x".to_owned()],
            unmet: vec!["--movie".to_owned()],
            size: (
                "3 x m5.xlarge".to_owned(),
                "one primary and two core nodes".to_owned(),
            ),
            lifetime: "1h".parse().unwrap(),
            budget: Some(("$1.50".parse().unwrap(), "$0.77".parse().unwrap())),
        }
    }

    #[test]
    fn a_new_stack_is_a_stack() {
        let text = new().render();
        let stack = crate::text::parse("x.yaml", &text, Path::new(""), &[]).unwrap();
        assert_eq!(stack.name.as_str(), "first-steps");
        let job = stack.job.unwrap();
        let script = StepFile::Local("my job.py".into());
        assert_eq!(job.steps[0].work.file(), Some(&script));
        assert_eq!(job.steps[0].args.len(), 2);
        assert!(job.results.is_some());
        assert_eq!(stack.guardrails.budget, Some("$1.50".parse().unwrap()));
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    }

    #[test]
    fn what_is_not_there_is_left_out() {
        let new = NewStack {
            packages: Vec::new(),
            data: Vec::new(),
            args: Vec::new(),
            unmet: Vec::new(),
            budget: None,
            ..new()
        };
        let text = new.render();
        for absent in ["data:", "args:", "python_packages", "budget", "results:"] {
            assert!(!text.contains(absent), "{absent}: {text}");
        }
        crate::text::parse("x.yaml", &text, Path::new(""), &[]).unwrap();
    }
}
