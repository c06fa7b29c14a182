//! Remedies in words, for a failure whose stack is not at hand.

use crate::model::diagnosis::Remedy;

/// What to do, in one sentence.
pub(in crate::cli) fn sentence(remedy: &Remedy) -> String {
    let text = match remedy {
        Remedy::ExecutorMemory => "give executors more memory (spark.executor_memory)",
        Remedy::ExecutorOverhead => {
            "give executors more memory beside their heap (spark.executor.memoryOverhead)"
        }
        Remedy::PythonMemory => {
            "let Python workers take more memory (spark.executor.pyspark.memory)"
        }
        Remedy::SmallerExecutors => "make executors smaller, so that one fits on a node",
        Remedy::DriverMemory => "give the driver more memory (spark.driver.memory)",
        Remedy::Conf { key, value } => return conf(key, value.as_deref()),
        Remedy::Partitions => "use more partitions, so that each task has less to do",
        Remedy::PythonPackage { module } => {
            return format!("add the package of module {module} to job.python_packages");
        }
        Remedy::SparkPackage { source } => {
            return format!("add the package of {source} to spark.jars.packages");
        }
        Remedy::Disk => "give the nodes a larger volume (ebs)",
        Remedy::Size => "use more nodes, or larger ones (cluster.size)",
        Remedy::OnDemand => "use on-demand core nodes instead of Spot",
        Remedy::OtherType => "use another instance type",
        Remedy::OtherZone => "use another availability zone (network.zone)",
        Remedy::DropLine { file, line } => return format!("remove line {line} of {file}"),
        Remedy::ChangeLine { file, line, change } => {
            return match (file, line) {
                (Some(file), Some(line)) => format!("{change} ({file}, line {line})"),
                (Some(file), None) => format!("{change} ({file})"),
                (None, _) => change.clone(),
            };
        }
        Remedy::Grant { actions, resource } => {
            let actions = actions.join(", ");
            return match resource {
                Some(resource) => format!("allow {actions} on {resource} to the nodes' role"),
                None => format!("allow {actions} to the nodes' role"),
            };
        }
        Remedy::CreateRoles => "create EMR's roles with apply --create-roles",
        Remedy::Quota => "request a larger quota from AWS, or use fewer nodes",
        Remedy::RunAgain => "run it again",
    };
    text.to_owned()
}

fn conf(key: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("set {key} to {value} in spark.conf"),
        None => format!("remove {key} from spark.conf"),
    }
}
