//! The logs of the examples of failures, recorded on this machine with long stacks shortened, in this
//! machine's layout and in EMR's.

use std::fs;

/// EMR's names of what this machine calls otherwise.
const APPLICATION: &str = "application_1700000000000_0001";
const CONTAINER: &str = "container_1700000000000_0001_01_000002";
const NODE: &str = "ip-10-0-1-23.ec2.internal";

/// The logs of a failed step.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepLogs {
    /// Spark's log of the driver.
    pub(crate) log: String,
    /// What the driver's own program printed, with its traceback.
    pub(crate) output: String,
    /// What the first executor that was lost printed; empty if none was.
    pub(crate) executor: String,
}

impl StepLogs {
    /// As they were recorded; `None` if the example only has a lint error.
    pub(crate) fn of(example: &str) -> Option<Self> {
        let path = format!(
            "{}/tests/diagnose/failures/{example}.txt",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = fs::read_to_string(path).unwrap();
        let (_, recorded) = text.split_once("\n=== ")?;
        let mut logs = Self::default();
        for log in recorded.split("\n=== ") {
            let (role, text) = log.split_once('\n')?;
            let of_role = match role {
                "driver_log" => &mut logs.log,
                "driver_output" => &mut logs.output,
                "executor" => &mut logs.executor,
                other => panic!("{example}: {other}"),
            };
            of_role.push_str(text);
            of_role.push('\n');
        }
        Some(logs)
    }

    /// As YARN writes them: other names, and other words for a lost executor.
    pub(crate) fn on_emr(&self) -> Self {
        let text = |text: &String| text.lines().map(of_yarn).collect::<String>();
        Self {
            log: text(&self.log),
            output: text(&self.output),
            executor: self.executor.clone(),
        }
    }

    /// The name of the executor's log on EMR.
    pub(crate) fn container() -> String {
        format!("{APPLICATION}/{CONTAINER}/stderr")
    }
}

/// A line of Spark's standalone scheduler in YARN's words (`YarnAllocator`, Hadoop's
/// `ContainerExecutor`).
fn of_yarn(line: &str) -> String {
    let line = line
        .replace("TaskSchedulerImpl", "YarnScheduler")
        .replace("(127.0.0.1 executor 0)", &format!("({NODE} executor 1)"))
        .replace(
            "Lost executor 0 on 127.0.0.1:",
            &format!("Lost executor 1 on {NODE}:"),
        );
    let lost = "Command exited with code ";
    let Some((before, code)) = line.split_once(lost) else {
        return format!("{line}\n");
    };
    let code: String = code.chars().take_while(char::is_ascii_digit).collect();
    let diagnostics = match code.as_str() {
        "137" => "Container killed on request. Exit code is 137\n[2026-11-30 11:21:13.410]Container \
                  exited with a non-zero exit code 137. \n[2026-11-30 11:21:13.411]Killed by external signal"
            .to_owned(),
        _ => format!(
            "Exception from container-launch.\nContainer id: {CONTAINER}\nExit code: {code}\n\
             [2026-11-30 11:21:13.410]Container exited with a non-zero exit code {code}. Error file: \
             prelaunch.err."
        ),
    };
    format!(
        "{before}Container from a bad node: {CONTAINER} on host: {NODE}. Exit status: {code}. \
         Diagnostics: [2026-11-30 11:21:13.409]{diagnostics}\n"
    )
}
