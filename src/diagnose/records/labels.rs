//! Short names of logs, which are shown before each line.

use super::Part;
use std::collections::BTreeSet;

/// The longest part of a label that is a name, in characters.
const MAX_NAME: usize = 16;

/// The fewest characters of an instance's id, `i-` among them.
const MIN_ID: usize = 6;

/// The daemons of EMR whose logs have longer names, such as
/// `yarn-yarn-nodemanager-ip-10-0-0-1.ec2.internal.log`.
const DAEMONS: [&str; 8] = [
    "nodemanager",
    "resourcemanager",
    "timelineserver",
    "historyserver",
    "proxyserver",
    "datanode",
    "namenode",
    "instance-controller",
];

/// A label for each name of a log: `driver`, `stdout`, `executor 3`, `container 000003`,
/// `i-0abc nodemanager`, `i-0abc bootstrap 1`. What distinguishes two of them is added if they are
/// of several steps or applications, or of several attempts of one.
pub fn labels(names: &[&str]) -> Vec<String> {
    let parts: Vec<Part<'_>> = names.iter().map(|name| Part::of(name)).collect();
    let context = Context::of(&parts);
    parts.iter().map(|part| context.label(*part)).collect()
}

/// What the logs are of that are shown together.
#[derive(Default)]
struct Context<'a> {
    steps: BTreeSet<&'a str>,
    apps: BTreeSet<&'a str>,
    attempts: BTreeSet<&'a str>,
    instances: BTreeSet<&'a str>,
}

impl<'a> Context<'a> {
    fn of(parts: &[Part<'a>]) -> Self {
        let mut context = Self::default();
        for part in parts {
            match part {
                Part::Step(step, _) => context.steps.insert(step),
                Part::Container(app, container, _) => {
                    context.attempts.extend(attempt(container));
                    context.apps.insert(app)
                }
                Part::Executor(app, ..) => context.apps.insert(app),
                Part::Node(instance, _) => context.instances.insert(instance),
                Part::Other(_) => false,
            };
        }
        context
    }

    fn label(&self, part: Part<'_>) -> String {
        match part {
            Part::Step(folder, file) => {
                let stream = if file.starts_with("stderr") {
                    "driver"
                } else {
                    first(file)
                };
                if self.steps.len() > 1 {
                    format!("{} {stream}", cut(folder))
                } else {
                    cut(stream)
                }
            }
            Part::Container(app, container, file) => {
                let number = container.rsplit('_').next().unwrap_or(container);
                let app = self.app(app, '_');
                let attempt = attempt(container).filter(|_| self.attempts.len() > 1);
                let attempt = attempt
                    .map(|it| format!("{}/", cut(it)))
                    .unwrap_or_default();
                format!("container {app}{attempt}{}{}", cut(number), stream(file))
            }
            Part::Executor(app, executor, file) => {
                let app = self.app(app, '-');
                format!("executor {app}{}{}", cut(executor), stream(file))
            }
            Part::Node(instance, inside) => format!("{} {}", self.id(instance), process(inside)),
            Part::Other(name) => {
                let file = name.rsplit('/').next().unwrap_or(name);
                cut(file.strip_suffix(".log").unwrap_or(file))
            }
        }
    }

    /// The last number of an application's id, if there are several.
    fn app(&self, app: &str, separator: char) -> String {
        let number = app.rsplit(separator).next().unwrap_or(app);
        if self.apps.len() > 1 {
            format!("{}/", cut(number))
        } else {
            String::new()
        }
    }

    /// The beginning of an instance's id by which it differs from the others.
    fn id(&self, instance: &str) -> String {
        let others = || self.instances.iter().filter(|other| **other != instance);
        let is_own = |length: &usize| {
            let begin: String = instance.chars().take(*length).collect();
            others().all(|other| !other.starts_with(&begin))
        };
        let longest = instance.chars().count();
        let length = (MIN_ID..longest).find(is_own).unwrap_or(longest);
        instance.chars().take(length).collect()
    }
}

/// The attempt of its application in a container's id: `02` of `container_1700000000000_0001_02_000003`.
fn attempt(container: &str) -> Option<&str> {
    container.rsplit('_').nth(1)
}

/// What a node's process is, by the path of its log below the node's folder.
fn process(inside: &str) -> String {
    let folders: Vec<&str> = inside.split('/').collect();
    match folders.as_slice() {
        ["bootstrap-actions", number, file] => {
            format!("bootstrap {}{}", cut(number), stream(file))
        }
        ["provision-node", ..] => "provision".to_owned(),
        parts => {
            let file = parts.last().copied().unwrap_or(inside);
            let daemon = DAEMONS.iter().find(|daemon| file.contains(**daemon));
            daemon.map_or_else(|| cut(first(file)), |daemon| (*daemon).to_owned())
        }
    }
}

/// A stream's name as it is added to a label; nothing for standard error, where logs go.
fn stream(file: &str) -> String {
    match first(file) {
        "stderr" => String::new(),
        stream => format!(" {}", cut(stream)),
    }
}

/// A file's name without the suffix of a rolled log.
fn first(file: &str) -> &str {
    file.split('.').next().unwrap_or(file)
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_NAME {
        return text.to_owned();
    }
    let kept = text.chars().take(MAX_NAME - 1);
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::labels;

    #[test]
    fn what_is_alone_has_a_short_name() {
        for (name, label) in [
            ("steps/01-load/stderr", "driver"),
            ("steps/01-load/stdout", "stdout"),
            ("steps/01-load/controller", "controller"),
            ("executors/node-1/app-1-0000/3/stderr", "executor 3"),
            ("executors/node-1/app-1-0000/3/stdout", "executor 3 stdout"),
            (
                "containers/application_1_0001/container_1_0001_01_000003/stderr.1",
                "container 000003",
            ),
            (
                "node/i-0abcdef012/bootstrap-actions/1/stdout",
                "i-0abc bootstrap 1 stdout",
            ),
            (
                "node/i-0abcdef012/provision-node/apps-phase/0/x/puppet.log",
                "i-0abc provision",
            ),
            (
                "node/i-0abcdef012/applications/hadoop-yarn/yarn-yarn-nodemanager-ip-10-0-0-1.log",
                "i-0abc nodemanager",
            ),
            (
                "node/i-0abcdef012/daemons/setup-dns.log",
                "i-0abc setup-dns",
            ),
            ("daemons/worker-1.log", "worker-1"),
            ("a-log-with-a-very-long-name.log", "a-log-with-a-ve…"),
        ] {
            assert_eq!(labels(&[name]), [label], "{name}");
        }
    }

    #[test]
    fn what_would_be_alike_is_told_apart() {
        let names = [
            "steps/01-load/stderr",
            "steps/02-load/stderr",
            "executors/node-1/app-1-0000/0/stderr",
            "executors/node-1/app-1-0001/0/stderr",
            "node/i-0abcdef012/daemons/x.log",
            "node/i-0abcdff012/daemons/x.log",
        ];
        let expected = [
            "01-load driver",
            "02-load driver",
            "executor 0000/0",
            "executor 0001/0",
            "i-0abcde x",
            "i-0abcdf x",
        ];
        assert_eq!(labels(&names), expected);
        // Of an application that YARN started twice.
        let of = |attempt: &str| {
            format!("containers/application_1_0001/container_1_0001_{attempt}/stderr")
        };
        let names = [of("01_000003"), of("02_000003")];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(
            labels(&names),
            ["container 01/000003", "container 02/000003"]
        );
    }
}
