//! What methods and attributes of Spark's objects return (Spark, API of PySpark).

use super::aggregates;
use super::call::Call;
use super::value::{Size, Spark, Value};

/// Methods of a context that read data.
pub(super) const CONTEXT_READS: &[&str] = &[
    "binaryFiles",
    "binaryRecords",
    "hadoopFile",
    "newAPIHadoopFile",
    "pickleFile",
    "sequenceFile",
    "textFile",
    "wholeTextFiles",
];

/// Methods of `spark.read` that read data.
pub(super) const READS: &[&str] = &[
    "csv", "jdbc", "json", "load", "orc", "parquet", "table", "text", "textFile",
];

/// Methods of `df.write` that write data.
pub(super) const WRITES: &[&str] = &[
    "csv",
    "insertInto",
    "jdbc",
    "json",
    "orc",
    "parquet",
    "save",
    "saveAsTable",
    "start",
    "table",
    "text",
    "toTable",
];

/// Methods of an RDD that write data.
pub(super) const RDD_WRITES: &[&str] = &[
    "saveAsHadoopDataset",
    "saveAsHadoopFile",
    "saveAsNewAPIHadoopFile",
    "saveAsPickleFile",
    "saveAsSequenceFile",
    "saveAsTextFile",
];

/// Methods of an RDD whose result is as large as it is.
const RDD_KEEPS: &[&str] = &[
    "cache",
    "cartesian",
    "checkpoint",
    "coalesce",
    "cogroup",
    "filter",
    "flatMap",
    "flatMapValues",
    "fullOuterJoin",
    "glom",
    "groupBy",
    "groupByKey",
    "groupWith",
    "intersection",
    "join",
    "keyBy",
    "keys",
    "leftOuterJoin",
    "localCheckpoint",
    "map",
    "mapValues",
    "partitionBy",
    "persist",
    "pipe",
    "repartition",
    "repartitionAndSortWithinPartitions",
    "rightOuterJoin",
    "setName",
    "sortBy",
    "sortByKey",
    "subtract",
    "subtractByKey",
    "union",
    "unpersist",
    "values",
    "zip",
    "zipWithIndex",
    "zipWithUniqueId",
];

/// Methods of an RDD whose result is an RDD that is smaller, or may be.
const RDD_MAY_SHRINK: &[&str] = &[
    "aggregateByKey",
    "combineByKey",
    "distinct",
    "foldByKey",
    "mapPartitions",
    "mapPartitionsWithIndex",
    "reduceByKey",
    "sample",
    "sampleByKey",
];

/// Methods of a DataFrame whose result is as large as it is.
const FRAME_KEEPS: &[&str] = &[
    "alias",
    "cache",
    "checkpoint",
    "coalesce",
    "crossJoin",
    "drop",
    "dropna",
    "exceptAll",
    "fill",
    "fillna",
    "filter",
    "hint",
    "intersect",
    "intersectAll",
    "join",
    "localCheckpoint",
    "melt",
    "observe",
    "orderBy",
    "persist",
    "repartition",
    "repartitionByRange",
    "replace",
    "select",
    "selectExpr",
    "sort",
    "sortWithinPartitions",
    "subtract",
    "to",
    "toDF",
    "union",
    "unionAll",
    "unionByName",
    "unpersist",
    "unpivot",
    "where",
    "withColumn",
    "withColumnRenamed",
    "withColumns",
    "withColumnsRenamed",
    "withMetadata",
    "withWatermark",
    "na",
];

/// Methods of a DataFrame whose result is one that is smaller, or may be.
const FRAME_MAY_SHRINK: &[&str] = &[
    "agg",
    "approxQuantile",
    "crosstab",
    "describe",
    "distinct",
    "dropDuplicates",
    "dropDuplicatesWithinWatermark",
    "drop_duplicates",
    "freqItems",
    "limit",
    "mapInArrow",
    "mapInPandas",
    "offset",
    "sample",
    "sampleBy",
    "summary",
];

const GROUPS: &[&str] = &["cube", "groupBy", "groupby", "rollup"];

/// What a class of PySpark is.
pub(super) fn of_class(class: &str) -> Option<Spark> {
    Some(match class {
        "SparkContext" => Spark::Context,
        "SparkConf" => Spark::Conf,
        "SparkSession" | "SQLContext" | "HiveContext" => Spark::Session,
        "DataFrame" => Spark::Frame(Size::Other),
        "RDD" => Spark::Rdd(Size::Other),
        _ => return None,
    })
}

pub(super) fn attribute(of: Spark, name: &str) -> Value {
    match (of, name) {
        (Spark::Session, "sparkContext") => Spark::Context.into(),
        (Spark::Session, "builder") => Spark::Builder.into(),
        (Spark::Session, "conf") => Spark::Conf.into(),
        (Spark::Session, "read") => Spark::Reader.into(),
        (Spark::Session, "readStream") => Spark::StreamReader.into(),
        (Spark::Frame(_), "write" | "writeStream") => Spark::Writer.into(),
        (Spark::Frame(size), "rdd") => Spark::Rdd(size).into(),
        (Spark::Frame(size), "na") => Spark::Frame(size).into(),
        (Spark::Frame(_) | Spark::Rdd(_), "sparkSession") => Spark::Session.into(),
        _ => Value::Unknown,
    }
}

/// Attributes that only Spark's objects have.
pub(super) fn attribute_of_anything(name: &str) -> Value {
    match name {
        "sparkContext" => Spark::Context.into(),
        "read" => Spark::Reader.into(),
        "readStream" => Spark::StreamReader.into(),
        "writeStream" | "write" => Spark::Writer.into(),
        _ => Value::Unknown,
    }
}

/// Methods that only Spark's objects have.
pub(super) fn method_of_anything(name: &str) -> Value {
    match name {
        "textFile" | "wholeTextFiles" => Spark::Rdd(Size::Whole).into(),
        _ => Value::Unknown,
    }
}

/// What a method of an object of Spark returns.
pub(super) fn method(of: Spark, name: &str, call: &Call<'_>) -> Value {
    let has = |names: &[&str]| names.contains(&name);
    match of {
        Spark::Context if has(CONTEXT_READS) => Spark::Rdd(Size::Whole).into(),
        Spark::Context if has(&["parallelize", "range", "union", "emptyRDD"]) => {
            Spark::Rdd(Size::Other).into()
        }
        Spark::Context if name == "getOrCreate" => Spark::Context.into(),
        Spark::Conf if name.starts_with("set") => Spark::Conf.into(),
        Spark::Builder if name == "getOrCreate" => Spark::Session.into(),
        Spark::Builder => Spark::Builder.into(),
        Spark::Session if has(&["createDataFrame", "range"]) => Spark::Frame(Size::Other).into(),
        Spark::Session if name == "table" => Spark::Frame(Size::Whole).into(),
        Spark::Session if name == "sql" => Spark::Frame(query(call)).into(),
        Spark::Session if has(&["getOrCreate", "getActiveSession", "newSession"]) => {
            Spark::Session.into()
        }
        Spark::Reader | Spark::StreamReader if has(READS) => Spark::Frame(Size::Whole).into(),
        Spark::Reader | Spark::StreamReader => of.into(),
        Spark::Writer if has(WRITES) => Value::Unknown,
        Spark::Writer => Spark::Writer.into(),
        Spark::Rdd(size) if has(RDD_KEEPS) => Spark::Rdd(size).into(),
        Spark::Rdd(_) if has(RDD_MAY_SHRINK) => Spark::Rdd(Size::Other).into(),
        Spark::Rdd(size) if name == "toDF" => Spark::Frame(size).into(),
        Spark::Frame(size) if has(FRAME_KEEPS) => Spark::Frame(selected(size, call)).into(),
        Spark::Frame(_) if has(FRAME_MAY_SHRINK) => Spark::Frame(Size::Other).into(),
        Spark::Frame(_) if has(GROUPS) => Spark::Grouped.into(),
        Spark::Grouped if name == "pivot" => Spark::Grouped.into(),
        Spark::Grouped => Spark::Frame(Size::Other).into(),
        Spark::Context | Spark::Conf | Spark::Session | Spark::Rdd(_) | Spark::Frame(_) => {
            Value::Unknown
        }
    }
}

/// The size of a query's result.
fn query(call: &Call<'_>) -> Size {
    let Some(text) = call.argument(0, "sqlQuery").and_then(Value::constant) else {
        return Size::Other;
    };
    let text = text.to_lowercase();
    let shrinks = ["limit", "group by", "distinct", "having"];
    let shrinks = shrinks.iter().any(|word| text.contains(word)) || aggregates::in_sql(&text);
    if shrinks || !text.trim_start().starts_with("select") {
        Size::Other
    } else {
        Size::Whole
    }
}

/// The size of what `select` returns: one row for aggregates.
fn selected(size: Size, call: &Call<'_>) -> Size {
    let node = call.node;
    let mut expressions = node.arguments.args.iter();
    let has_aggregate = expressions.any(aggregates::has);
    let mut in_sql = call.args.iter().filter_map(Value::constant);
    if has_aggregate || in_sql.any(aggregates::in_sql) {
        Size::Other
    } else {
        size
    }
}
