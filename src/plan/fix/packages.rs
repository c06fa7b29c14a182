//! Fixes of what a program imports and does not find.

use super::{Context, Fix, Setting};
use crate::model::releases;
use crate::model::shown::Untrusted;
use crate::model::stack::{Job, Python};
use crate::model::work::StepFile;

/// Modules whose package has another name on PyPI.
const PACKAGES: [(&str, &str); 12] = [
    ("Crypto", "pycryptodome"),
    ("PIL", "pillow"),
    ("bs4", "beautifulsoup4"),
    ("cv2", "opencv-python-headless"),
    ("dateutil", "python-dateutil"),
    ("dotenv", "python-dotenv"),
    ("lightgbm", "lightgbm"),
    ("psycopg2", "psycopg2-binary"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("attr", "attrs"),
    ("yaml", "pyyaml"),
];

impl Context<'_> {
    /// Adds the package of a module to those that pip installs on every node.
    pub(super) fn python_package(&self, module: &Untrusted) -> Option<Fix> {
        let job = self.failed.stack.job.as_ref()?;
        let top = module
            .as_str()
            .split('.')
            .next()
            .filter(|top| is_name(top))?;
        if let Some(fix) = elsewhere(job, top) {
            return Some(fix);
        }
        let known = PACKAGES.iter().find(|(name, _)| *name == top);
        let package = known.map_or(top, |(_, package)| package);
        let mut packages = job.python_packages.clone();
        if packages.iter().any(|one| requirement_name(one) == package) {
            let reason = format!("{package} is installed already: its Python is not the workers'");
            return Some(Fix::by_hand(reason, None));
        }
        packages.push(package.to_owned());
        let setting = Setting {
            path: "job.python_packages".to_owned(),
            from: (!job.python_packages.is_empty()).then(|| list(&job.python_packages)),
            to: list(&packages),
        };
        Some(Fix::set(
            vec![setting],
            format!("pip installs {package} on every node"),
        ))
    }

    /// The format of tables, or the package of Maven, that has a data source.
    pub(super) fn spark_package(&self, source: &Untrusted) -> Option<Fix> {
        let name = source.as_str().to_ascii_lowercase();
        let formats = ["delta", "iceberg", "hudi"];
        if let Some(format) = formats.into_iter().find(|format| name.contains(format)) {
            return self.tables(format);
        }
        let release = self.failed.stack.cluster.release.to_string();
        let scala = "2.12";
        let package = if name.contains("avro") {
            let version = releases::spark(&release)?;
            format!("org.apache.spark:spark-avro_{scala}:{version}.0")
        } else if name.contains("kafka") {
            let version = releases::spark(&release)?;
            format!("org.apache.spark:spark-sql-kafka-0-10_{scala}:{version}.0")
        } else {
            let reason =
                format!("add the package of Maven that has {source} to the step's packages");
            return Some(Fix::by_hand(reason, None));
        };
        let now = &self.step?.spark.submission.packages;
        if now.contains(&package) {
            return None;
        }
        let mut packages = now.clone();
        packages.push(package.clone());
        let from = (!now.is_empty()).then(|| list(now));
        let setting = self.spark("packages", from, list(&packages))?;
        Some(Fix::set(
            vec![setting],
            format!("{package} has the data source {source}"),
        ))
    }

    fn tables(&self, format: &str) -> Option<Fix> {
        let now = &self.failed.stack.cluster.emr.software.tables;
        let mut names: Vec<String> = now.iter().map(|one| one.as_str().to_owned()).collect();
        if names.iter().any(|one| one == format) {
            return None;
        }
        if !self.on_emr() {
            let reason = format!("only a release of EMR brings tables of {format}: run it on AWS");
            return Some(Fix::by_hand(reason, None));
        }
        let from = (!names.is_empty()).then(|| list(&names));
        names.push(format.to_owned());
        let setting = Setting {
            path: "cluster.tables".to_owned(),
            from,
            to: list(&names),
        };
        Some(Fix::set(
            vec![setting],
            format!("the release brings tables of {format}"),
        ))
    }
}

/// Packages that come from a file of requirements or an archive are added there.
fn elsewhere(job: &Job, module: &str) -> Option<Fix> {
    let place = match job.python.as_ref()? {
        Python::Requirements(path) => path.display().to_string(),
        Python::Archive(StepFile::Local(path)) => path.display().to_string(),
        Python::Archive(StepFile::Remote(address)) => address.clone(),
        Python::Packages(_) => "job.python.packages".to_owned(),
    };
    Some(Fix::by_hand(
        format!("add the package of {module} to {place}"),
        None,
    ))
}

fn is_name(text: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.len() <= 64 && text.chars().all(part)
}

/// The name in a requirement such as `numpy>=1.2` or `pandas[excel]==2`.
fn requirement_name(requirement: &str) -> &str {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let end = requirement.find(|c| !part(c)).unwrap_or(requirement.len());
    &requirement[..end]
}

/// As a list of YAML.
fn list(items: &[String]) -> String {
    let quoted = items.iter().map(|item| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if item.chars().all(plain) {
            item.clone()
        } else {
            format!("{item:?}")
        }
    });
    format!("[{}]", quoted.collect::<Vec<_>>().join(", "))
}
