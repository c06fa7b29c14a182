//! What EMR installs on a cluster, and how it configures it.

use super::application::Application;
use super::configurations::Configurations;
use super::known_applications;
use super::releases::{self, Releases};
use super::words::words;
use serde::{Deserialize, Serialize};

/// What a stack asks to be installed, and how. In the spec of a cluster, `configurations` has all that
/// follows from the other fields as well ([`Self::configured`]).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Software {
    /// Applications beside Hadoop and Spark, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<Application>,
    /// Properties by classification.
    #[serde(skip_serializing_if = "Configurations::is_empty")]
    pub configurations: Configurations,
    /// The catalog of databases and tables; `None` for EMR's own, on the primary node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,
    /// Formats of tables that Spark reads and writes, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableFormat>,
}

words! {
    /// A catalog of databases and tables.
    pub enum Catalog {
        /// The Glue Data Catalog of the account and region.
        Glue = "glue",
    }
}

words! {
    /// A format of tables.
    pub enum TableFormat {
        /// Delta Lake.
        Delta = "delta",
        /// Apache Iceberg.
        Iceberg = "iceberg",
        /// Apache Hudi.
        Hudi = "hudi",
    }
}

/// The classification of Spark's settings.
pub const SPARK_DEFAULTS: &str = "spark-defaults";
const SPARK: &str = SPARK_DEFAULTS;

/// The property of Spark for the memory of each executor.
pub const EXECUTOR_MEMORY: &str = "spark.executor.memory";

/// The class with which Spark and Hive use Glue (EMR Release Guide, "Using the Glue Data Catalog").
const GLUE_FACTORY: &str =
    "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory";

/// The catalog of Spark SQL that Delta and Hudi both replace.
pub const SESSION_CATALOG: &str = "spark.sql.catalog.spark_catalog";

/// The property of Spark for the jars of a program.
pub const JARS: &str = "spark.jars";

/// Properties of Spark that are lists: what clusterup needs and what the stack has are joined.
pub const LISTS: [&str; 2] = ["spark.sql.extensions", JARS];

/// A classification, a property and its value.
type Preset = (&'static str, &'static str, &'static str);

impl TableFormat {
    /// What AWS documents for Spark (EMR Release Guide, the pages of Delta Lake, Iceberg and Hudi).
    const fn presets(self) -> &'static [Preset] {
        match self {
            Self::Delta => &[
                ("delta-defaults", "delta.enabled", "true"),
                (
                    SPARK,
                    "spark.sql.extensions",
                    "io.delta.sql.DeltaSparkSessionExtension",
                ),
                (
                    SPARK,
                    SESSION_CATALOG,
                    "org.apache.spark.sql.delta.catalog.DeltaCatalog",
                ),
            ],
            Self::Iceberg => &[
                ("iceberg-defaults", "iceberg.enabled", "true"),
                (
                    SPARK,
                    "spark.sql.extensions",
                    "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
                ),
            ],
            Self::Hudi => &[
                (SPARK, "spark.jars", "/usr/lib/hudi/hudi-spark-bundle.jar"),
                (
                    SPARK,
                    "spark.serializer",
                    "org.apache.spark.serializer.KryoSerializer",
                ),
                (
                    SPARK,
                    "spark.sql.extensions",
                    "org.apache.spark.sql.hudi.HoodieSparkSessionExtension",
                ),
                (
                    SPARK,
                    SESSION_CATALOG,
                    "org.apache.spark.sql.hudi.catalog.HoodieCatalog",
                ),
            ],
        }
    }

    /// The releases with these settings.
    pub const fn releases(self) -> Releases {
        match self {
            Self::Delta => releases::DELTA,
            Self::Iceberg => releases::ICEBERG,
            Self::Hudi => releases::HUDI,
        }
    }
}

/// The classifications of the applications that can use Glue, beside Spark (EMR Release Guide, "Using
/// the Glue Data Catalog" of Hive, Presto and Trino).
const GLUE_OF: [(&str, Preset); 4] = [
    (
        "Hive",
        (
            "hive-site",
            "hive.metastore.client.factory.class",
            GLUE_FACTORY,
        ),
    ),
    (
        "Presto",
        ("presto-connector-hive", "hive.metastore", "glue"),
    ),
    (
        "PrestoSQL",
        ("prestosql-connector-hive", "hive.metastore", "glue"),
    ),
    ("Trino", ("trino-connector-hive", "hive.metastore", "glue")),
];

/// Iceberg's tables in Glue, as the catalog `iceberg` of Spark SQL.
const ICEBERG_IN_GLUE: [Preset; 3] = [
    (
        SPARK,
        "spark.sql.catalog.iceberg",
        "org.apache.iceberg.spark.SparkCatalog",
    ),
    (
        SPARK,
        "spark.sql.catalog.iceberg.catalog-impl",
        "org.apache.iceberg.aws.glue.GlueCatalog",
    ),
    (
        SPARK,
        "spark.sql.catalog.iceberg.io-impl",
        "org.apache.iceberg.aws.s3.S3FileIO",
    ),
];

impl Software {
    fn has(&self, application: &str) -> bool {
        let mut all = self.applications.iter();
        all.any(|one| one.as_str().eq_ignore_ascii_case(application))
    }

    /// What follows from `catalog` and `tables`.
    fn presets(&self) -> Vec<Preset> {
        let mut all: Vec<Preset> = Vec::new();
        for table in &self.tables {
            all.extend(table.presets());
        }
        if self.catalog == Some(Catalog::Glue) {
            let of_spark = "hive.metastore.client.factory.class";
            all.push(("spark-hive-site", of_spark, GLUE_FACTORY));
            let installed = GLUE_OF.iter().filter(|(name, _)| self.has(name));
            all.extend(installed.map(|(_, preset)| *preset));
            if self.tables.contains(&TableFormat::Iceberg) {
                all.extend(ICEBERG_IN_GLUE);
            }
        }
        all
    }

    /// The configurations with what follows from the other fields. A value of the stack takes
    /// precedence; lists are joined.
    pub fn configured(&self) -> Configurations {
        let mut all = Configurations::default();
        for (classification, name, value) in self.presets() {
            let joined = match all.get(&[classification], name) {
                Some(there) if LISTS.contains(&name) => joined(there, value),
                Some(there) => there.to_owned(),
                None => value.to_owned(),
            };
            all.set(&[classification], name, joined);
        }
        for (place, value) in self.configurations.iter() {
            let within: Vec<&str> = place.within.iter().map(String::as_str).collect();
            let value = match all.get(&within, &place.name) {
                Some(there) if LISTS.contains(&place.name.as_str()) => joined(there, value),
                Some(_) | None => value.to_owned(),
            };
            all.set(&within, &place.name, value);
        }
        all
    }

    /// What the tables need of one of Spark's [`LISTS`]; `None` if they need nothing of it.
    pub fn needed(&self, list: &str) -> Option<String> {
        let presets = self.presets().into_iter();
        let values = presets.filter(|(of, name, _)| *of == SPARK && *name == list);
        values.fold(None, |all, (_, _, value)| match all {
            Some(all) => Some(joined(&all, value)),
            None => Some(value.to_owned()),
        })
    }

    /// The first difference: what differs, the current and the desired value.
    pub fn difference(&self, want: &Self) -> Option<(String, String, String)> {
        let none = || "none".to_owned();
        let listed = |all: Vec<&str>| match all.as_slice() {
            [] => none(),
            all => format!("[{}]", all.join(", ")),
        };
        let rows = |of: &Self| {
            let applications = of.applications.iter().map(Application::as_str);
            let tables = of.tables.iter().map(|table| table.as_str());
            [
                ("applications", listed(applications.collect())),
                (
                    "catalog",
                    of.catalog.map_or_else(none, |it| it.as_str().to_owned()),
                ),
                ("tables", listed(tables.collect())),
            ]
        };
        let pairs = rows(self).into_iter().zip(rows(want));
        let mut changed = pairs.filter(|((_, from), (_, to))| from != to);
        if let Some(((key, from), (_, to))) = changed.next() {
            return Some((key.to_owned(), from, to));
        }
        let (place, from, to) = self.configurations.difference(&want.configurations)?;
        let shown = |value: Option<&str>| value.map_or_else(none, short);
        Some((format!("the configuration {place}"), shown(from), shown(to)))
    }

    /// What a release does not have, and which releases have it.
    pub fn unsupported(&self, label: &str) -> Option<(String, Releases)> {
        let mut applications = self.applications.iter().filter_map(|application| {
            let name = format!("application {application}");
            Some((name, known_applications::releases(application)?))
        });
        let mut tables = self.tables.iter();
        let catalog = self
            .catalog
            .map(|_| ("catalog: glue".to_owned(), releases::GLUE));
        let missing = |(_, releases): &(String, Releases)| !releases.include(label);
        applications.find(missing).or_else(|| {
            let tables = tables.find_map(|table| {
                let name = format!("tables: [{}]", table.as_str());
                Some((name, table.releases())).filter(missing)
            });
            catalog.filter(missing).or(tables)
        })
    }
}

/// Two lists, separated by commas, as one without repetitions.
pub fn joined(one: &str, other: &str) -> String {
    let mut all: Vec<&str> = Vec::new();
    let items = one.split(',').chain(other.split(',')).map(str::trim);
    for item in items.filter(|item| !item.is_empty()) {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    all.join(",")
}

/// The longest value in a sentence, in characters.
const SHOWN: usize = 60;

fn short(value: &str) -> String {
    super::shown::line(value, SHOWN)
}

/// The interpreter that Spark's Python uses unless the stack names another. It is written out, so
/// that packages and Spark agree.
pub const PYTHON: &str = "/usr/bin/python3";
const PYTHON_WITHIN: [&str; 2] = ["spark-env", "export"];
const PYTHON_NAME: &str = "PYSPARK_PYTHON";

/// The configurations as EMR gets them.
pub fn requested(mut configured: Configurations) -> Configurations {
    if configured.get(&PYTHON_WITHIN, PYTHON_NAME).is_none() {
        configured.set(&PYTHON_WITHIN, PYTHON_NAME, PYTHON);
    }
    configured
}

/// What a stack configures, by the configurations that EMR shows.
pub fn configured(mut requested: Configurations) -> Configurations {
    requested.remove(&PYTHON_WITHIN, PYTHON_NAME, PYTHON);
    requested
}

/// The properties that name an interpreter of Spark's Python.
const PYTHONS: [&[&str]; 4] = [
    &["spark-env", "export", "PYSPARK_PYTHON"],
    &["spark-env", "export", "PYSPARK_DRIVER_PYTHON"],
    &[SPARK, "spark.pyspark.python"],
    &[SPARK, "spark.pyspark.driver.python"],
];

/// The property with which a stack names another interpreter than [`PYTHON`], if it does: its
/// classifications and its name.
pub fn other_python(of: &Configurations) -> Option<&'static [&'static str]> {
    PYTHONS.into_iter().find(|path| {
        let value = path
            .split_last()
            .and_then(|(name, within)| of.get(within, name));
        value.is_some_and(|value| ![PYTHON, "python3"].contains(&value))
    })
}

#[cfg(test)]
mod tests;
