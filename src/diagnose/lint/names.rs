//! What imported and built-in names stand for.

use super::value::Value;

/// The functions of Python that are followed.
const BUILTINS: [&str; 9] = [
    "exit", "getattr", "int", "len", "list", "open", "print", "quit", "str",
];

/// Classes of PySpark that scripts also get by `from pyspark import *`.
const OF_PYSPARK: [&str; 5] = [
    "HiveContext",
    "SQLContext",
    "SparkConf",
    "SparkContext",
    "SparkSession",
];

/// The longest dotted name that is followed, in bytes.
const MAX_BYTES: usize = 200;

/// What a dotted name stands for.
pub(super) fn imported(name: String) -> Value {
    if name == "sys.argv" {
        return Value::Argv(0);
    }
    if name.len() > MAX_BYTES {
        return Value::Unknown;
    }
    Value::import(name)
}

/// What a name stands for that the script does not bind.
pub(super) fn unbound(name: &str) -> Value {
    if BUILTINS.contains(&name) {
        return Value::import(format!("builtins.{name}"));
    }
    if OF_PYSPARK.contains(&name) {
        return Value::import(format!("pyspark.{name}"));
    }
    Value::Unknown
}

/// The class of PySpark that a dotted name stands for, such as `SparkContext` for
/// `pyspark.context.SparkContext`.
pub(super) fn of_pyspark(name: &str) -> Option<&str> {
    let (module, class) = name.rsplit_once('.')?;
    let is_pyspark = module == "pyspark" || module.starts_with("pyspark.");
    is_pyspark.then_some(class)
}
