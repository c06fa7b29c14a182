//! Checks of what scripts set in code: the master, sizes, the level of the log.

use super::call::{Call, Callee};
use super::names;
use super::value::{Spark, Value};
use super::walk::Walk;
use crate::model::lint::LintCode;

const MASTER: &str = "spark.master";
/// Sizes that the stack sets.
const SIZES: [&str; 3] = [
    "spark.executor.cores",
    "spark.executor.instances",
    "spark.executor.memory",
];
const DRIVER_MEMORY: &str = "spark.driver.memory";
/// What spark-submit itself gives on EMR.
const OF_EMR: &str = "yarn";
/// Levels above those of lost executors and failed tasks.
const SILENT: [&str; 3] = ["ERROR", "FATAL", "OFF"];

impl<'a> Walk<'a> {
    pub(super) fn check_master(&mut self, callee: &Callee<'a>, call: &Call<'a>) {
        let name = callee.name.as_str();
        let value = match names::of_pyspark(name) {
            Some("SparkContext") => call.argument(0, "master"),
            Some(_) => None,
            None if name == "setMaster" && callee.may_be(Spark::Conf) => call.argument(0, "value"),
            None if name == "master" && callee.receiver == Spark::Builder.into() => {
                call.argument(0, "master")
            }
            None => settings(callee, call)
                .into_iter()
                .find_map(|(key, value)| (key == MASTER).then_some(value)),
        };
        let Some(master) = value.and_then(Value::constant) else {
            return;
        };
        if master.is_empty() || master == OF_EMR {
            return;
        }
        let effect = if master.starts_with("local") {
            "so it runs on one machine, and the workers do nothing"
        } else {
            "which wins over the cluster's own"
        };
        let message = format!("the script sets Spark's master to {master:?}, {effect}");
        let help = "remove it: the step's spark-submit names the master";
        self.report(LintCode::HardCodedMaster, &callee.at, message, help);
    }

    pub(super) fn check_conf(&mut self, callee: &Callee<'a>, call: &Call<'a>) {
        let mut wrong = Vec::new();
        for (key, _) in settings(callee, call) {
            if SIZES.contains(&key) {
                let field = match key {
                    "spark.executor.cores" => "executor_cores",
                    "spark.executor.instances" => "executors",
                    _ => "executor_memory",
                };
                wrong.push((
                    format!("the script sets {key}, which wins over the stack"),
                    format!("remove it, and give the step `spark: {{ {field}: … }}`"),
                ));
            } else if key == DRIVER_MEMORY {
                wrong.push((
                    format!("the script sets {key} without effect: the driver runs already"),
                    "remove it, and give the step `spark: { driver_memory: … }`".to_owned(),
                ));
            }
        }
        for (message, help) in wrong {
            self.report(LintCode::ConfInScript, &callee.at, message, &help);
        }
    }

    pub(super) fn check_log_level(&mut self, callee: &Callee<'a>, call: &Call<'a>) {
        let level = call.argument(0, "logLevel").and_then(Value::constant);
        let Some(level) = level.filter(|_| callee.name == "setLogLevel") else {
            return;
        };
        if SILENT.contains(&level.to_uppercase().as_str()) {
            let message = format!("log level {level} hides why executors and tasks are lost");
            let help = "use \"WARN\", so that a failure can be explained";
            self.report(LintCode::HidesLogs, &callee.at, message, help);
        }
    }
}

/// The settings that a call makes, such as `set(key, value)` and `setAll([(key, value)])`.
fn settings<'c>(callee: &Callee<'_>, call: &'c Call<'_>) -> Vec<(&'c str, &'c Value)> {
    let pair = |key: Option<&'c Value>, value: Option<&'c Value>| Some((key?.constant()?, value?));
    match callee.name.as_str() {
        "set" | "setIfMissing" if callee.may_be(Spark::Conf) => {
            let value = call.argument(1, "value");
            pair(call.argument(0, "key"), value).into_iter().collect()
        }
        "config" if callee.receiver == Spark::Builder.into() => {
            let value = call.argument(1, "value");
            pair(call.argument(0, "key"), value).into_iter().collect()
        }
        "setAll" if callee.may_be(Spark::Conf) => {
            let Some(Value::Items(pairs)) = call.argument(0, "pairs") else {
                return Vec::new();
            };
            let pairs = pairs.iter().filter_map(|one| {
                let Value::Items(one) = one else {
                    return None;
                };
                pair(one.first(), one.get(1))
            });
            pairs.collect()
        }
        _ => Vec::new(),
    }
}
