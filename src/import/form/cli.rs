//! The line `aws emr create-cluster`, as the console exports it (AWS CLI Command Reference).

use super::build::Build;
use super::{Read, cli_parts, shell, shorthand};
use crate::import::fates::Fate;
use crate::import::{Form, Wrong, json};
use crate::model::aws_names::{INSTANCE_PROFILE, SERVICE_ROLE};
use crate::model::shown::line;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where the value of an option goes.
#[derive(Clone, Copy)]
enum Goes {
    /// A single value, below these keys of the request.
    Text(&'static [&'static str]),
    /// A switch, and its value.
    Is(&'static [&'static str], bool),
    /// A list or mapping, unchanged.
    Tree(&'static [&'static str]),
    Groups,
    Fleets,
    Type,
    Applications,
    Attributes,
    Bootstrap,
    Steps,
    Tags,
    DefaultRoles,
    Region,
    /// Nothing that the cluster depends on.
    Nothing(&'static str),
    /// Something that a stack cannot say.
    Unsaid(&'static str),
}

const OF_LINE: &str = "it is a setting of the command line";
const KEEP: &[&str] = &["Instances", "KeepJobFlowAliveWhenNoSteps"];
const PROTECTED: &[&str] = &["Instances", "TerminationProtected"];
const UNHEALTHY: &[&str] = &["Instances", "UnhealthyNodeReplacement"];

const OPTIONS: [(&str, Goes); 52] = [
    ("--additional-info", Goes::Text(&["AdditionalInfo"])),
    ("--ami-version", Goes::Text(&["AmiVersion"])),
    ("--applications", Goes::Applications),
    ("--auto-scaling-role", Goes::Text(&["AutoScalingRole"])),
    ("--auto-terminate", Goes::Is(KEEP, false)),
    (
        "--auto-termination-policy",
        Goes::Tree(&["AutoTerminationPolicy"]),
    ),
    ("--bootstrap-actions", Goes::Bootstrap),
    ("--configurations", Goes::Tree(&["Configurations"])),
    ("--custom-ami-id", Goes::Text(&["CustomAmiId"])),
    ("--ebs-root-volume-iops", Goes::Text(&["EbsRootVolumeIops"])),
    ("--ebs-root-volume-size", Goes::Text(&["EbsRootVolumeSize"])),
    (
        "--ebs-root-volume-throughput",
        Goes::Text(&["EbsRootVolumeThroughput"]),
    ),
    ("--ec2-attributes", Goes::Attributes),
    (
        "--emrfs",
        Goes::Unsaid("a stack has no word for EMRFS; put emrfs-site into configurations"),
    ),
    (
        "--enable-debugging",
        Goes::Nothing("clusterup shows logs and diagnoses instead"),
    ),
    (
        "--instance-count",
        Goes::Text(&["Instances", "InstanceCount"]),
    ),
    ("--instance-fleets", Goes::Fleets),
    ("--instance-groups", Goes::Groups),
    ("--instance-type", Goes::Type),
    ("--kerberos-attributes", Goes::Tree(&["KerberosAttributes"])),
    (
        "--log-encryption-kms-key-id",
        Goes::Text(&["LogEncryptionKmsKeyId"]),
    ),
    ("--log-uri", Goes::Text(&["LogUri"])),
    (
        "--managed-scaling-policy",
        Goes::Tree(&["ManagedScalingPolicy"]),
    ),
    (
        "--monitoring-configuration",
        Goes::Tree(&["MonitoringConfiguration"]),
    ),
    ("--name", Goes::Text(&["Name"])),
    ("--no-auto-terminate", Goes::Is(KEEP, true)),
    ("--no-cli-pager", Goes::Nothing(OF_LINE)),
    ("--no-enable-debugging", Goes::Nothing(OF_LINE)),
    ("--no-paginate", Goes::Nothing(OF_LINE)),
    ("--no-termination-protected", Goes::Is(PROTECTED, false)),
    (
        "--no-unhealthy-node-replacement",
        Goes::Is(UNHEALTHY, false),
    ),
    (
        "--no-visible-to-all-users",
        Goes::Is(&["VisibleToAllUsers"], false),
    ),
    ("--os-release-label", Goes::Text(&["OSReleaseLabel"])),
    ("--output", Goes::Nothing(OF_LINE)),
    (
        "--placement-group-configs",
        Goes::Tree(&["PlacementGroupConfigs"]),
    ),
    ("--profile", Goes::Nothing(OF_LINE)),
    ("--query", Goes::Nothing(OF_LINE)),
    ("--region", Goes::Region),
    ("--release-label", Goes::Text(&["ReleaseLabel"])),
    ("--repo-upgrade-on-boot", Goes::Text(&["RepoUpgradeOnBoot"])),
    (
        "--restore-from-hbase-backup",
        Goes::Unsaid("a stack has no word for backups of HBase"),
    ),
    ("--scale-down-behavior", Goes::Text(&["ScaleDownBehavior"])),
    (
        "--security-configuration",
        Goes::Text(&["SecurityConfiguration"]),
    ),
    ("--service-role", Goes::Text(&["ServiceRole"])),
    (
        "--step-concurrency-level",
        Goes::Text(&["StepConcurrencyLevel"]),
    ),
    ("--steps", Goes::Steps),
    ("--tags", Goes::Tags),
    ("--termination-protected", Goes::Is(PROTECTED, true)),
    ("--unhealthy-node-replacement", Goes::Is(UNHEALTHY, true)),
    ("--use-default-roles", Goes::DefaultRoles),
    (
        "--visible-to-all-users",
        Goes::Is(&["VisibleToAllUsers"], true),
    ),
    ("--extended-support", Goes::Is(&["ExtendedSupport"], true)),
];

/// Reads the line.
pub(super) fn read(text: &str) -> Result<Read, Wrong> {
    let wrong = |message: &str| Wrong {
        place: "the line".to_owned(),
        message: message.to_owned(),
    };
    // A line may go on in the next one.
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let text = text.trim_start().trim_start_matches("$ ");
    let expansions = shell::expansions(text)?;
    let words = shlex::split(text);
    let words = words.ok_or_else(|| wrong("a quotation mark is not closed"))?;
    let verb = words
        .windows(2)
        .position(|two| two[0] == "emr" && two[1] == "create-cluster");
    let Some(verb) = verb.filter(|_| words.first().is_some_and(|word| word == "aws")) else {
        return Err(wrong("it is not a line of `aws emr create-cluster`"));
    };
    let mut before = words;
    let after = before.split_off(verb + 2);
    let globals = before.get(1..verb).unwrap_or_default().to_vec();
    let options = [options(globals, "aws")?, options(after, "create-cluster")?].concat();
    let mut build = Build::default();
    let mut region = None;
    let mut seen = BTreeMap::new();
    for at in expansions {
        let why = "the shell puts another text here; write the text itself";
        build.lose(format!("the line, character {at}"), Fate::Fatal, why);
    }
    build.put(KEEP, Value::from(true), "--no-auto-terminate");
    for (flag, values) in options {
        if seen.insert(flag.clone(), ()).is_some() {
            return Err(Wrong {
                place: flag,
                message: "the option is there twice".to_owned(),
            });
        }
        if flag == "--region" {
            region = values.first().cloned();
        }
        take(&mut build, &flag, values)?;
    }
    let (request, places, losses) = build.into_request();
    Ok(Read {
        form: Form::Cli,
        request,
        places,
        region,
        losses,
    })
}

/// The options with their values.
fn options(words: Vec<String>, after: &str) -> Result<Vec<(String, Vec<String>)>, Wrong> {
    let mut options: Vec<(String, Vec<String>)> = Vec::new();
    for (number, word) in words.into_iter().enumerate() {
        if word.starts_with("--") {
            match word.split_once('=') {
                Some((flag, value)) => options.push((flag.to_owned(), vec![value.to_owned()])),
                None => options.push((word, Vec::new())),
            }
            continue;
        }
        match options.last_mut() {
            Some((_, values)) => values.push(word),
            None => {
                // The word can be a secret.
                return Err(Wrong {
                    place: format!("word {} after {after}", number + 1),
                    message: "an option such as --name was expected here".to_owned(),
                });
            }
        }
    }
    Ok(options)
}

/// Refuses a number of values that an option does not take.
fn counted(goes: Goes, flag: &str, values: usize) -> Result<(), Wrong> {
    let is_switch = matches!(goes, Goes::Is(..) | Goes::DefaultRoles);
    let has_one = matches!(goes, Goes::Type | Goes::Region);
    if is_switch && values > 0 || has_one && values != 1 {
        let expected = if is_switch { "no value" } else { "one value" };
        return Err(Wrong {
            place: flag.to_owned(),
            message: format!("expected {expected}, and it has {values}"),
        });
    }
    Ok(())
}

fn take(build: &mut Build, flag: &str, values: Vec<String>) -> Result<(), Wrong> {
    let goes = OPTIONS
        .iter()
        .find(|(name, _)| *name == flag)
        .map(|(_, goes)| *goes);
    let Some(goes) = goes else {
        build.lose(
            line(flag, 60),
            Fate::Fatal,
            "clusterup does not know this option",
        );
        return Ok(());
    };
    if values
        .iter()
        .any(|value| value.starts_with("file://") || value.starts_with("fileb://"))
    {
        let why = "its value is in a file; put the content into the line instead";
        build.lose(flag, Fate::Fatal, why);
        return Ok(());
    }
    counted(goes, flag, values.len())?;
    match goes {
        Goes::Text(keys) => {
            if let [value] = values.as_slice() {
                build.put(keys, Value::from(value.as_str()), flag);
            } else {
                build.lose(flag, Fate::Fatal, "expected one value");
            }
        }
        Goes::Is(keys, is) => build.put(keys, Value::from(is), flag),
        Goes::Tree(keys) => {
            let mut trees = trees(flag, &values)?;
            let one = trees.len() == 1 && trees[0].is_object();
            let is_list = *keys == ["Configurations"] || *keys == ["PlacementGroupConfigs"];
            let value = if one && !is_list {
                trees.remove(0)
            } else {
                Value::from(trees)
            };
            build.put(keys, value, flag);
        }
        Goes::Groups => cli_parts::groups(build, flag, trees(flag, &values)?),
        Goes::Fleets => {
            let fleets = Value::from(trees(flag, &values)?);
            build.put(&["Instances", "InstanceFleets"], fleets, flag);
        }
        Goes::Type => cli_parts::instance_type(build, flag, &values),
        Goes::Applications => {
            build.put(&["Applications"], Value::from(trees(flag, &values)?), flag);
        }
        Goes::Attributes => cli_parts::attributes(build, flag, trees(flag, &values)?),
        Goes::Bootstrap => cli_parts::bootstrap(build, flag, trees(flag, &values)?),
        Goes::Steps => cli_parts::steps(build, flag, trees(flag, &values)?),
        Goes::Tags => cli_parts::tags(build, flag, &values),
        Goes::DefaultRoles => {
            build.put(&["ServiceRole"], Value::from(SERVICE_ROLE), flag);
            build.put(&["JobFlowRole"], Value::from(INSTANCE_PROFILE), flag);
        }
        Goes::Region => {}
        Goes::Nothing(why) => build.lose(flag, Fate::Lost, why),
        Goes::Unsaid(why) => build.lose(flag, Fate::Fatal, why),
    }
    Ok(())
}

/// The values of an option as a list: JSON, or shorthand for each.
fn trees(flag: &str, values: &[String]) -> Result<Vec<Value>, Wrong> {
    let mut all = Vec::new();
    for value in values {
        if value.trim_start().starts_with(['[', '{']) {
            let read = json::read(value).map_err(|wrong| Wrong {
                place: format!("{flag}, {}", wrong.place),
                ..wrong
            })?;
            if let Value::Array(items) = read {
                all.extend(items);
            } else {
                all.push(read);
            }
        } else {
            all.push(shorthand::read(value).map_err(|message| Wrong {
                place: flag.to_owned(),
                message,
            })?);
        }
    }
    Ok(all)
}
