//! `cluster.applications` and what belongs to them: configurations, a catalog, formats of tables.

use super::STACK;
use super::cluster::CLUSTER;
use super::job::JOB;
use crate::model::application::Application;
use crate::model::configurations::Configurations;
use crate::model::known_applications::{self, ALWAYS};
use crate::model::release::Release;
use crate::model::releases::{self, Releases};
use crate::model::software::{self, Catalog, SESSION_CATALOG, Software, TableFormat};
use crate::text::classifications::ByClassification;
use crate::text::collections::{Unique, list};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Shape, record};
use crate::text::nearest::{nearest, quote};
use crate::text::node::Node;
use crate::text::reader::{Reader, Site};
use crate::text::shape::Kind;
use crate::text::source::Mark;
use crate::text::types::Words;
use std::collections::BTreeSet;

record! {
    /// What EMR installs on a cluster, and how it configures it.
    pub(super) SOFTWARE: Software = |at| {
        /// Applications that EMR installs beside Hadoop and Spark, which are always there. Letter
        /// case does not matter. A cluster on this machine has Spark alone.
        applications: or_empty =
            list(Installed, Unique::ByText, "an application of EMR", "Hive"),
            "[Hive, Livy, JupyterEnterpriseGateway]";
        /// Properties of EMR's classifications. A mapping below a classification is nested in it,
        /// such as `export` in `spark-env`. On this machine steps get the settings of Spark in
        /// `spark-defaults`, except those that belong to EMR's nodes.
        configurations: or_empty = ByClassification,
            "{ spark-defaults: { spark.sql.shuffle.partitions: 200 } }";
        /// Where Spark, Hive, Presto and Trino keep their databases and tables, instead of on the
        /// primary node.
        catalog: optional = Words([
            ("glue", Catalog::Glue, "In the Glue Data Catalog of the account and region."),
        ]), "glue";
        /// Formats of tables that Spark reads and writes, with the settings that AWS documents for
        /// `delta` (from emr-6.9.0), `iceberg` (from emr-6.5.0) and `hudi` (from emr-6.7.0). With
        /// `catalog: glue`, Spark SQL finds tables of Iceberg in its catalog `iceberg`.
        tables: or_empty = list(FORMATS, Unique::ByText, "a format of tables", "iceberg"),
            "[iceberg]";
    } check {
        let items = |node: Option<&Node>| node.map_or(Vec::new(), |node| node.items().to_vec());
        for (item, releases) in items(applications.node).iter().filter_map(application) {
            outdated(at, &item, releases);
        }
        if let Some((Some(_), place)) = catalog.written() {
            outdated(at, &(place, "`catalog: glue`".to_owned()), releases::GLUE);
        }
        for (item, releases) in items(tables.node).iter().filter_map(table) {
            outdated(at, &item, releases);
        }
        let all = tables.written().map(|(tables, place)| (tables.as_slice(), place));
        if let Some(configurations) = &configurations.value {
            one_session_catalog(at, all, configurations);
        }
        if let (Some(value), Some(node)) = (&configurations.value, configurations.node) {
            one_python(at, value, node);
        }
    } => Software {
        applications: more(applications),
        configurations,
        catalog,
        tables: sorted(tables),
    };
}

const FORMATS: Words<TableFormat, 3> = Words([
    ("delta", TableFormat::Delta, "Delta Lake."),
    ("iceberg", TableFormat::Iceberg, "Apache Iceberg."),
    ("hudi", TableFormat::Hudi, "Apache Hudi."),
]);

const RELEASE: &str = CLUSTER.key("release");
const PACKAGES: [&str; 2] = [STACK.key("job"), JOB.key("python_packages")];

/// The name of an application, as EMR spells it.
struct Installed;

impl Shape for Installed {
    type Out = Application;

    fn kind(&self) -> Kind {
        Kind::Words(known_applications::names().map(|name| (name, "")).collect())
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Application> {
        let text = reader.scalar(node, site)?.text.as_str();
        if let Some(application) = known_applications::named(text) {
            return Some(application);
        }
        let message = format!("EMR has no application {}", quote(text));
        reader.found.push(
            Diagnostic::new(Code::BadValue, node.mark, message)
                .expected("an application of EMR, such as `Hive`, `Livy` or `JupyterHub`")
                .meant(nearest(text, known_applications::names())),
        );
        None
    }
}

/// Applications beside those of every cluster, each once and in order.
fn more(all: Vec<Application>) -> Vec<Application> {
    let always = |one: &Application| ALWAYS.contains(&one.as_str());
    let all: BTreeSet<_> = all.into_iter().filter(|one| !always(one)).collect();
    all.into_iter().collect()
}

fn sorted(mut tables: Vec<TableFormat>) -> Vec<TableFormat> {
    tables.sort();
    tables
}

/// Something written, and its words.
type Item = (Mark, String);

fn application(item: &Node) -> Option<(Item, Releases)> {
    let application = known_applications::named(item.text()?)?;
    let releases = known_applications::releases(&application)?;
    Some(((item.mark, application.to_string()), releases))
}

fn table(item: &Node) -> Option<(Item, Releases)> {
    let text = item.text()?;
    let (word, format, _) = FORMATS.0.into_iter().find(|(word, ..)| *word == text)?;
    Some(((item.mark, quote(word)), format.releases()))
}

/// Reports what the stack's release does not have. An invalid release is reported at its own place.
fn outdated(at: &mut At<'_, '_>, (place, what): &Item, releases: Releases) {
    let release = at.beside(RELEASE).and_then(Node::text);
    let Some(release) = release.filter(|text| text.parse::<Release>().is_ok()) else {
        return;
    };
    if !releases.include(release) {
        let message = format!("{release} has no {what}");
        at.wrong(
            Diagnostic::new(Code::Conflict, *place, message)
                .expected(format!("one of the releases {releases}"))
                .help(format!("take one of these releases, or leave {what} out")),
        );
    }
}

/// Delta and Hudi both replace Spark's own catalog, which is one.
fn one_session_catalog(
    at: &mut At<'_, '_>,
    tables: Option<(&[TableFormat], Mark)>,
    configurations: &Configurations,
) {
    let Some((tables, place)) = tables else {
        return;
    };
    let both = [TableFormat::Delta, TableFormat::Hudi];
    let own = configurations.get(&[software::SPARK_DEFAULTS], SESSION_CATALOG);
    if own.is_none() && both.iter().all(|one| tables.contains(one)) {
        let message = "`delta` and `hudi` both replace Spark's own catalog";
        at.wrong(
            Diagnostic::new(Code::Conflict, place, message)
                .expected("one of the two")
                .help(format!(
                    "or choose the catalog: set `{SESSION_CATALOG}` in `spark-defaults`"
                )),
        );
    }
}

/// pip installs packages for one interpreter, so Spark has to use that one.
fn one_python(at: &mut At<'_, '_>, configurations: &Configurations, node: &Node) {
    let packages = at.reader().and_then(|reader| reader.root.find(&PACKAGES));
    let installs = packages.is_some_and(|packages| !packages.items().is_empty());
    let Some(path) = software::other_python(configurations).filter(|_| installs) else {
        return;
    };
    let place = node.find(path).map_or(node.mark, |value| value.mark);
    let python = software::PYTHON;
    let message = format!("packages are installed for {python} alone");
    at.wrong(
        Diagnostic::new(Code::Conflict, place, message)
            .expected(format!("`{python}`"))
            .help("remove it, or install the packages yourself and leave `python_packages` out"),
    );
}
