//! Checks that need no call to AWS: a stack's files, region, release and instance types, and
//! whether the nodes have the memory for its executors. Each mistake is reported at its line.

use super::environment::Environment;
use super::node_sizes::Nodes;
use crate::cloud::data_folder;
use crate::cost::shape;
use crate::model::instance::InstanceType;
use crate::model::name::Region;
use crate::model::partition::Partition;
use crate::model::release::Release;
use crate::model::stack::Stack;
use crate::plan::beside::Beside;
use crate::plan::fit;
use crate::text::{Complaint, Named, What, nearest};
use std::fs;
use std::path::{Path, PathBuf};

/// AWS's regions as of September 2026 (AWS General Reference). Regions with known prices are
/// accepted too, so a new region is known once its prices are refreshed.
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// A line of EMR's releases: the newest minor number that is known here (EMR Release Guide,
/// September 2026), and the highest that is accepted, since a line may continue.
struct Line {
    family: &'static str,
    major: u32,
    newest: u32,
    max: u32,
}

const fn line(family: &'static str, major: u32, newest: u32, max: u32) -> Line {
    Line {
        family,
        major,
        newest,
        max,
    }
}

const LINES: &[Line] = &[
    line("emr-", 4, 9, 9),
    line("emr-", 5, 36, 37),
    line("emr-", 6, 15, 15),
    line("emr-", 7, 14, 30),
    line("emr-spark-", 8, 0, 30),
];

/// The complaint about an unknown region; `None` if it is known.
pub(crate) fn region(region: &Region, environment: &Environment) -> Option<Complaint> {
    let name = region.as_str();
    let catalog = environment.catalog();
    let regions = || REGIONS.iter().copied().chain(catalog.regions());
    // Regions that clusterup does not support are refused later, with the reason.
    if regions().any(|known| known == name) || Partition::of(region).refusal().is_some() {
        return None;
    }
    let help = match nearest(name, regions()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("if AWS has it, refresh its prices first: `prices refresh --region {name}`")
        }
    };
    Some(Complaint {
        code: None,
        message: format!("{name} is not a known AWS region"),
        help: Some(help),
    })
}

/// The complaints about names in a stack, each with the name.
/// `stack`: `None` if it has mistakes.
pub(crate) fn check(
    names: Vec<Named>,
    stack: Option<&Stack>,
    environment: &Environment,
) -> Vec<(Named, Complaint)> {
    let nodes = Nodes::of(&names);
    let mut complaints = Vec::new();
    let mut beside = Beside::default();
    for named in names {
        if named.what == What::Step {
            beside = beside_heap(&named.text, stack);
        }
        let complaint = match named.what {
            What::Region => named
                .text
                .parse()
                .ok()
                .and_then(|name| region(&name, environment)),
            What::Release => release(&named.text),
            What::Primary | What::Core | What::Task => instance_type(&named.text),
            What::ExecutorMemory => nodes.check_executor_memory(&named.text, &beside),
            What::ExecutorCores => nodes.check_executor_cores(&named.text),
            What::DriverMemory => nodes.check_driver_memory(&named.text),
            What::Script => file("the script", &named, environment),
            What::StepFile => file("the file", &named, environment),
            What::PythonFile => python_file(&named, environment),
            What::Data => data(&named, environment),
            What::PublicKey => file("the public key", &named, environment),
            // They are looked up where a plan is made.
            What::DataInS3 | What::FileInS3 | What::ArgInS3 | What::Url => None,
            // They are checked together, for each step.
            What::Step | What::Executors | What::Conf => None,
        };
        complaints.extend(complaint.map(|complaint| (named, complaint)));
    }
    complaints
}

/// What the executors of a step hold beside the heap, at least.
fn beside_heap(step: &str, stack: Option<&Stack>) -> Beside {
    let find = |stack: &Stack| {
        let mut steps = stack.job.iter().flat_map(|job| &job.steps);
        let step = steps.find(|one| one.name.as_str() == step)?;
        Some(Beside::of(step, stack).unwrap_or(Beside::NOTHING))
    };
    stack.and_then(find).unwrap_or_default()
}

fn release(text: &str) -> Option<Complaint> {
    let release: Release = text.parse().ok()?;
    let label = release.to_string();
    let version = label.trim_start_matches(|c: char| !c.is_ascii_digit());
    let family = &label[..label.len() - version.len()];
    let major = release.major();
    let minor = version.split('.').nth(1);
    let minor = minor.and_then(|minor| minor.parse::<u32>().ok());
    let lines = || LINES.iter().filter(|line| line.family == family);
    let is_known =
        |line: &&Line| line.major == major && minor.is_none_or(|minor| minor <= line.max);
    if lines().any(|line| is_known(&line)) {
        return None;
    }
    let near = lines().min_by_key(|line| (line.major.abs_diff(major), line.major));
    let help = near.map(|line| {
        let Line {
            family,
            major,
            newest,
            ..
        } = line;
        format!(
            "`{family}{major}.x` is the newest of its line, at least `{family}{major}.{newest}.0`"
        )
    });
    let message = format!("{text} is not a known EMR release");
    Some(Complaint {
        code: None,
        message,
        help,
    })
}

fn instance_type(text: &str) -> Option<Complaint> {
    let instance_type: InstanceType = text.parse().ok()?;
    let refusal = fit::known(&instance_type).err()?;
    let near = nearest(instance_type.family(), shape::families());
    let help = match near {
        Some(near) => format!("did you mean `{near}.{}`?", instance_type.size()),
        None => refusal.hint.to_string(),
    };
    Some(Complaint {
        code: None,
        message: refusal.message,
        help: Some(help),
    })
}

/// Data may be a file, a folder or a pattern.
fn data(named: &Named, environment: &Environment) -> Option<Complaint> {
    let what = "the data";
    let path = expanded(named.path.as_deref()?, environment)?;
    match data_folder::find(&path, what) {
        Ok(Some(_)) => None,
        Ok(None) => file(what, named, environment),
        Err(error) => Some(Complaint {
            code: None,
            message: match &error.source {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            },
            help: error.hints.first().map(ToString::to_string),
        }),
    }
}

fn file(what: &str, named: &Named, environment: &Environment) -> Option<Complaint> {
    let path = expanded(named.path.as_deref()?, environment)?;
    let shown = path.display();
    let (message, help) = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => (format!("{what} is a folder: {shown}"), None),
        Ok(_) => return None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            (format!("{what} does not exist: {shown}"), beside(&path))
        }
        Err(error) => (format!("{what} cannot be read: {shown}: {error}"), None),
    };
    Some(Complaint {
        code: None,
        message,
        help,
    })
}

/// A folder is zipped.
fn python_file(named: &Named, environment: &Environment) -> Option<Complaint> {
    let path = expanded(named.path.as_deref()?, environment)?;
    let complaint = file("the Python file", named, environment);
    complaint.filter(|_| !path.is_dir())
}

/// Suggests a file of the same folder with a similar name.
fn beside(path: &Path) -> Option<String> {
    let folder = path.parent()?;
    let name = path.file_name()?.to_str()?;
    let entries = fs::read_dir(folder).ok()?.take(MAX_FILES).flatten();
    let names: Vec<String> = entries
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(format!("did you mean `{near}`, which exists?"))
}

const MAX_FILES: usize = 1_000;

/// Expands `~`; `None` if the home folder is unknown.
pub(super) fn expanded(path: &Path, environment: &Environment) -> Option<PathBuf> {
    match path.strip_prefix("~") {
        Ok(rest) => Some(environment.home()?.join(rest)),
        Err(_) => Some(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn unknown_releases_are_distinguished_from_newer_ones() {
        for known in [
            "emr-7.x",
            "emr-7.14.0",
            "emr-7.16.0",
            "emr-6.15.0",
            "emr-spark-8.0.0",
        ] {
            assert_eq!(release(known), None, "{known}");
        }
        for unknown in [
            "emr-9.x",
            "emr-70.1.0",
            "emr-6.16.0",
            "emr-7.140.0",
            "emr-spark-7.1.0",
        ] {
            let help = release(unknown).unwrap().help.unwrap();
            assert!(
                help.contains(".x` is the newest of its line"),
                "{unknown}: {help}"
            );
        }
        let help = release("emr-71.x").unwrap().help.unwrap();
        assert!(help.starts_with("`emr-7.x`"), "{help}");
    }
}
