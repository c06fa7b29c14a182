//! What a stack names and this machine can look up without a call of AWS: its files, its region, its
//! release, its machines and whether they hold its executors. Reported at its line, with the rest.

use super::context::Context;
use crate::cost::shape;
use crate::model::instance::InstanceType;
use crate::model::memory::Memory;
use crate::model::name::Region;
use crate::model::partition::Partition;
use crate::model::release::Release;
use crate::plan::fit;
use crate::text::{Complaint, Named, What, nearest};
use std::fs;
use std::path::{Path, PathBuf};

/// AWS's regions as of September 2026 (AWS General Reference). Those of which prices are known are
/// known too, so that a new one is, once its prices are refreshed.
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

/// A line of EMR's releases: the newest minor number that is known here (EMR Release Guide, September
/// 2026), and the most that is believed, for a line that goes on.
struct Line {
    family: &'static str,
    major: u32,
    newest: u32,
    most: u32,
}

const fn line(family: &'static str, major: u32, newest: u32, most: u32) -> Line {
    Line {
        family,
        major,
        newest,
        most,
    }
}

const LINES: &[Line] = &[
    line("emr-", 5, 36, 37),
    line("emr-", 6, 15, 15),
    line("emr-", 7, 14, 30),
    line("emr-spark-", 8, 0, 30),
];

/// What is wrong with a region's name; none of those that there are.
pub(super) fn region(region: &Region, context: &Context) -> Option<Complaint> {
    let name = region.as_str();
    let catalog = context.catalog();
    let known = || REGIONS.iter().copied().chain(catalog.regions());
    // What is known and not served is refused with its reason, where its account would be asked.
    if known().any(|known| known == name) || Partition::of(region).refusal().is_some() {
        return None;
    }
    let help = match nearest(name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("if AWS has it, refresh its prices first: `prices refresh --region {name}`")
        }
    };
    Some(Complaint {
        message: format!("{name} is no AWS region that is known here"),
        help: Some(help),
    })
}

/// What is wrong with what a stack names, each beside its name.
pub(super) fn look(names: Vec<Named>, context: &Context) -> Vec<(Named, Complaint)> {
    let workers = Workers::of(&names);
    let mut wrong = Vec::new();
    for named in names {
        let complaint = match named.what {
            What::Region => named.text.parse().ok().and_then(|it| region(&it, context)),
            What::Release => release(&named.text),
            What::Primary | What::Core | What::Task => instance_type(&named.text),
            What::ExecutorMemory => workers.holds(&named.text),
            What::Script => file("the script", &named, context),
            What::Data => file("the data file", &named, context),
            What::PublicKey => file("the public key", &named, context),
        };
        wrong.extend(complaint.map(|complaint| (named, complaint)));
    }
    wrong
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
    let good = |line: &&Line| line.major == major && minor.is_none_or(|it| it <= line.most);
    if lines().any(|line| good(&line)) {
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
    let message = format!("{text} is no release of EMR that is known here");
    Some(Complaint { message, help })
}

fn instance_type(text: &str) -> Option<Complaint> {
    let known: InstanceType = text.parse().ok()?;
    let refusal = fit::known(&known).err()?;
    let near = nearest(known.family(), shape::families());
    let help = match near {
        Some(near) => format!("did you mean `{near}.{}`?", known.size()),
        None => refusal.hint.to_string(),
    };
    Some(Complaint {
        message: refusal.message,
        help: Some(help),
    })
}

/// The machines that executors run on: core and task nodes, or the primary where it is alone.
struct Workers(Vec<InstanceType>);

impl Workers {
    fn of(names: &[Named]) -> Self {
        let of = |wanted: &[What]| -> Vec<InstanceType> {
            let named = names.iter().filter(|named| wanted.contains(&named.what));
            named.filter_map(|named| named.text.parse().ok()).collect()
        };
        let workers = of(&[What::Core, What::Task]);
        Self(if workers.is_empty() {
            of(&[What::Primary])
        } else {
            workers
        })
    }

    fn holds(&self, text: &str) -> Option<Complaint> {
        let memory: Memory = text.parse().ok()?;
        let refusal = fit::too_large(memory, &self.0)?;
        Some(Complaint {
            message: refusal.message,
            help: Some(refusal.hint.to_string()),
        })
    }
}

fn file(what: &str, named: &Named, context: &Context) -> Option<Complaint> {
    let path = expanded(named.path.as_deref()?, context)?;
    let shown = path.display();
    let (message, help) = match fs::metadata(&path) {
        Ok(found) if found.is_dir() => (format!("{what} is a folder: {shown}"), None),
        Ok(_) => return None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            (format!("{what} is not there: {shown}"), beside(&path))
        }
        Err(error) => (
            format!("{what} cannot be looked at: {shown}: {error}"),
            None,
        ),
    };
    Some(Complaint { message, help })
}

/// The file of the same folder that was perhaps meant.
fn beside(path: &Path) -> Option<String> {
    let folder = path.parent()?;
    let name = path.file_name()?.to_str()?;
    let entries = fs::read_dir(folder).ok()?.take(MOST_FILES).flatten();
    let names: Vec<String> = entries
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(format!("did you mean `{near}`, which lies there?"))
}

const MOST_FILES: usize = 1_000;

/// None where `~` is nobody's.
fn expanded(path: &Path, context: &Context) -> Option<PathBuf> {
    match path.strip_prefix("~") {
        Ok(rest) => Some(context.home()?.join(rest)),
        Err(_) => Some(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn releases_that_are_not_there_are_told_from_newer_ones() {
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
