//! Fixes of a failure: the remedies of a diagnosis as settings of the stack, with their arithmetic.

mod by_hand;
mod growth;
mod machines;
mod memory;
mod packages;
mod skew;

pub(super) use growth::{Growth, grown};

use super::fit::{Fitted, fit};
use super::sizing::Sizing;
use crate::model::diagnosis::Remedy;
use crate::model::facts::{Capacity, Facts};
use crate::model::fix::{Change, Fix, Setting};
use crate::model::memory::Memory;
use crate::model::name::StepName;
use crate::model::skew::TaskSkew;
use crate::model::stack::{Stack, Step};

/// What was running when it failed.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'a> {
    /// The stack that was applied.
    pub stack: &'a Stack,
    /// The facts of its target.
    pub facts: &'a Facts,
    /// The step that failed; `None` if the cluster did.
    pub step: Option<&'a StepName>,
    /// What the event log says of a task that ran out of memory and had read far more than the others.
    pub skew: Option<TaskSkew>,
}

/// The fixes for these remedies, best first. A remedy that the stack cannot follow any further
/// yields nothing.
pub fn fixes(failed: Failed<'_>, remedies: &[Remedy]) -> Vec<Fix> {
    let Ok(fitted) = fit(&failed.stack.cluster, failed.facts.capacity) else {
        return Vec::new();
    };
    let context = Context::new(failed, &fitted);
    let mut fixes: Vec<Fix> = Vec::new();
    // A larger worker of this machine writes to the same disk.
    let is_disks = !context.on_emr() && remedies.contains(&Remedy::Disk);
    let helping = remedies
        .iter()
        .filter(|remedy| !(is_disks && **remedy == Remedy::Size));
    for remedy in helping {
        if let Some(fix) = context.fix(remedy).filter(|fix| !fixes.contains(fix)) {
            fixes.push(fix);
        }
    }
    fixes
}

/// What every fix is computed from.
#[derive(Clone, Copy)]
struct Context<'a> {
    failed: Failed<'a>,
    fitted: &'a Fitted,
    step: Option<&'a Step>,
}

impl<'a> Context<'a> {
    fn new(failed: Failed<'a>, fitted: &'a Fitted) -> Self {
        let job = failed.stack.job.as_ref();
        let step = failed
            .step
            .and_then(|name| job?.steps.iter().find(|step| step.name == *name));
        Self {
            failed,
            fitted,
            step,
        }
    }
}

impl Context<'_> {
    fn fix(&self, remedy: &Remedy) -> Option<Fix> {
        if let Some(fix) = self.split(remedy) {
            return Some(fix);
        }
        match remedy {
            Remedy::ExecutorMemory => self.executor_memory(),
            Remedy::ExecutorOverhead => self.overhead(),
            Remedy::PythonMemory => self.python_memory(),
            Remedy::SmallerExecutors => self.smaller_executors(),
            Remedy::DriverMemory => self.driver_memory(),
            Remedy::Partitions => self.partitions(),
            Remedy::Conf { key, value } => self.conf(key, value.as_deref()),
            Remedy::PythonPackage { module } => self.python_package(module),
            Remedy::SparkPackage { source } => self.spark_package(source),
            Remedy::Disk => self.disk(),
            Remedy::Size => self.size(),
            Remedy::OnDemand => self.on_demand(),
            Remedy::OtherType => self.other_type(),
            Remedy::OtherZone => self.other_zone(),
            Remedy::DropLine { file, line } => Some(by_hand::drop_line(file, *line)),
            Remedy::ChangeLine { file, line, change } => {
                Some(by_hand::change_line(file.as_ref(), *line, change))
            }
            Remedy::Grant { actions, resource } => Some(by_hand::grant(
                actions,
                resource.as_ref(),
                self.failed.stack,
            )),
            Remedy::Quota => Some(by_hand::quota(self.failed.stack)),
            Remedy::CreateRoles => Some(Fix {
                next: None,
                change: Change::CreateRoles,
                reason: "EMR has no role to act with".to_owned(),
            }),
            Remedy::RunAgain => Some(Fix {
                next: None,
                change: Change::RunAgain,
                reason: "the cause may be gone".to_owned(),
            }),
        }
    }

    fn on_emr(&self) -> bool {
        self.failed.facts.capacity == Capacity::AsTyped
    }

    /// The path of a field of the step's `spark`.
    fn spark_path(&self, field: &str) -> Option<String> {
        let step = self.step.filter(|step| step.work.is_spark())?;
        Some(format!("job.steps.{}.spark.{field}", step.name))
    }

    /// A setting of the step's `spark`.
    fn spark(&self, field: &str, from: Option<String>, to: String) -> Option<Setting> {
        let path = self.spark_path(field)?;
        Some(Setting { path, from, to })
    }

    /// The value of one of Spark's own settings in the step.
    fn conf_value(&self, key: &str) -> Option<&str> {
        self.step?.spark.conf.get(key).map(String::as_str)
    }

    fn conf(&self, key: &str, value: Option<&str>) -> Option<Fix> {
        let from = self.conf_value(key);
        match value {
            Some(value) if from == Some(value) => None,
            Some(value) => {
                let change = self.spark(
                    &format!("conf.{key}"),
                    from.map(str::to_owned),
                    value.to_owned(),
                )?;
                Some(Fix::set(vec![change], format!("{key} is {value}")))
            }
            None => from.map(|from| {
                let path = self.spark_path("conf").unwrap_or_default();
                Fix::by_hand(format!("remove {key}: {from} from {path}"), None)
            }),
        }
    }

    /// The memory of the step's executors.
    fn executor(&self) -> Option<Memory> {
        let Failed { stack, facts, .. } = self.failed;
        let sizing = Sizing::of(self.step?, stack, facts, self.fitted);
        Some(sizing.ok()?.memory)
    }
}
