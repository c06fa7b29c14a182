//! The stack's name, region and tags.

use super::Entry;
use crate::import::at::At;
use crate::import::yaml::Yaml;
use crate::import::{Options, Refused};
use crate::model::name::{Region, StackName};
use crate::model::step_command::script_runner_region;

/// The beginning of the names of clusters that clusterup created, and of its tags.
const OURS: &str = "clusterup";

/// A tag that clusterup sets on each cluster.
const EMR_POLICIES: &str = "for-use-with-amazon-emr-managed-policies";

pub(super) fn entries(root: &At<'_>, options: &Options) -> Result<Vec<Entry>, Refused> {
    let mut entries = vec![
        ("stack", name(root, options)),
        ("region", region(root, options)?),
    ];
    entries.extend(tags(root));
    Ok(entries)
}

fn name(root: &At<'_>, options: &Options) -> Yaml {
    let given = root.get("Name");
    let text = given.as_ref().and_then(At::text).unwrap_or_default();
    // A stack of the same name would be the one that the cluster is of.
    let of_ours = text
        .strip_prefix("clusterup/")
        .and_then(|rest| rest.split('/').next());
    let derived = match of_ours {
        Some(stack) => StackName::like(&format!("{}-imported", cut(stack, 30))),
        None => StackName::like(&text),
    };
    let name = match (&options.name, derived) {
        (Some(name), _) => name.to_string(),
        (None, Some(derived)) => derived.to_string(),
        (None, None) => "imported".to_owned(),
    };
    let mut node = Yaml::text(&name).fixed();
    if let Some(given) = &given {
        given.carry();
        node = node.from(given);
    }
    if of_ours.is_some() {
        let note = "note: the cluster is one of clusterup's; this stack has a name of its own, and \
                    reads files that were staged for the other one where they are";
        node = node.note(note);
    }
    node
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

fn region(root: &At<'_>, options: &Options) -> Result<Yaml, Refused> {
    if let Some(region) = &options.region {
        return Ok(Yaml::text(region.as_str()).fixed());
    }
    if let Some((region, place)) = hinted(root) {
        let note = format!("added: the region of {place}");
        return Ok(Yaml::text(region.as_str()).fixed().note(note));
    }
    let Some(region) = &options.default_region else {
        return Err(Refused::Region);
    };
    let note = "added: the request does not name its region; this is the one of your environment";
    Ok(Yaml::text(region.as_str()).fixed().note(note))
}

/// The region that a part of the request is in, and that part.
fn hinted(root: &At<'_>) -> Option<(Region, String)> {
    let zone = |zone: &At<'_>| {
        let text = zone.text()?;
        let region = text.strip_suffix(|c: char| c.is_ascii_lowercase())?;
        Some((region.parse().ok()?, zone.path().to_string()))
    };
    let placement = root.get("Instances").and_then(|of| of.get("Placement"));
    let one = placement.as_ref().and_then(|of| of.get("AvailabilityZone"));
    let several = placement.and_then(|of| of.get("AvailabilityZones"));
    let several = several.and_then(|zones| zones.items().into_iter().next());
    if let Some(found) = one.or(several).as_ref().and_then(zone) {
        return Some(found);
    }
    let key = root.get("LogEncryptionKmsKeyId");
    let of_key = key.and_then(|key| {
        let text = key.text()?;
        let region = text.strip_prefix("arn:")?.split(':').nth(2)?;
        Some((region.parse().ok()?, key.path().to_string()))
    });
    of_key.or_else(|| {
        root.list("Steps").iter().find_map(|step| {
            let jar = step.get("HadoopJarStep")?.get("Jar")?;
            let region = script_runner_region(&jar.text()?)?;
            Some((region, jar.path().to_string()))
        })
    })
}

fn tags(root: &At<'_>) -> Option<Entry> {
    let list = root.get("Tags")?;
    let mut tags = Vec::new();
    for tag in list.items() {
        let (key, value) = (tag.get("Key"), tag.get("Value"));
        let Some(name) = key.as_ref().and_then(At::text) else {
            tag.fatal("a tag without a key");
            continue;
        };
        let text = value.as_ref().and_then(At::text).unwrap_or_default();
        if name.to_ascii_lowercase().starts_with(OURS) {
            tag.lost("clusterup writes its own tags");
            continue;
        }
        let both = [key, value].into_iter().flatten();
        both.for_each(|part| part.carry());
        if name != EMR_POLICIES || text != "true" {
            tags.push((name, Yaml::text(&text).from(&tag)));
        }
    }
    (!tags.is_empty()).then(|| ("tags", Yaml::names(tags).from(&list)))
}
