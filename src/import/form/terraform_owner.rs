//! To which cluster of Terraform's state or plan another resource belongs, if there are several.

use super::terraform::Resource;
use serde_json::Value;
use std::collections::BTreeMap;

/// How deep modules nest in one another.
const MAX_MODULES: usize = 16;

/// The clusters that a plan's configuration names for each resource: addresses without indexes.
#[derive(Default)]
pub(super) struct Owners(BTreeMap<String, Vec<String>>);

impl Owners {
    pub(super) fn of(configuration: Option<&Value>) -> Self {
        let mut owners = Self::default();
        let root = configuration.and_then(|of| of.get("root_module"));
        owners.read(root, "", 0);
        owners
    }

    fn read(&mut self, module: Option<&Value>, prefix: &str, depth: usize) {
        let Some(module) = module.filter(|_| depth <= MAX_MODULES) else {
            return;
        };
        let resources = module.get("resources").and_then(Value::as_array);
        for resource in resources.into_iter().flatten() {
            let Some(address) = resource.get("address").and_then(Value::as_str) else {
                continue;
            };
            let names = resource.pointer("/expressions/cluster_id/references");
            let names = names.and_then(Value::as_array).into_iter().flatten();
            let names = names.filter_map(Value::as_str);
            let owners = names.map(|name| format!("{prefix}{}", name.trim_end_matches(".id")));
            self.0
                .insert(format!("{prefix}{address}"), owners.collect());
        }
        let calls = module.get("module_calls").and_then(Value::as_object);
        for (name, call) in calls.into_iter().flatten() {
            let prefix = format!("{prefix}module.{name}.");
            self.read(call.get("module"), &prefix, depth + 1);
        }
    }

    /// Whether a part belongs to a cluster; `None` if neither its id nor the configuration shows it.
    /// `others`: the addresses of the other clusters.
    pub(super) fn is_of(
        &self,
        part: &Resource,
        cluster: &Resource,
        others: &[&str],
    ) -> Option<bool> {
        let id = |of: &Resource, key: &str| {
            let id = of.values.get(key)?.as_str()?;
            (!id.is_empty()).then(|| id.to_owned())
        };
        if let (Some(named), Some(own)) = (id(part, "cluster_id"), id(cluster, "id")) {
            return Some(named == own);
        }
        let named = self.0.get(&without_indexes(&part.address))?;
        let own = without_indexes(&cluster.address);
        // Several clusters of one declaration differ by their indexes only.
        if others.iter().any(|other| without_indexes(other) == own) {
            return None;
        }
        (!named.is_empty()).then(|| named.contains(&own))
    }
}

/// `module.a["x"].aws_emr_cluster.main[0]` as `module.a.aws_emr_cluster.main`.
fn without_indexes(address: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::new();
    for c in address.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_its_indexes_is_that_of_its_declaration() {
        for (address, expected) in [
            ("aws_emr_cluster.main", "aws_emr_cluster.main"),
            ("aws_emr_cluster.main[0]", "aws_emr_cluster.main"),
            (
                "module.a[\"x.y\"].aws_emr_cluster.main[\"z\"]",
                "module.a.aws_emr_cluster.main",
            ),
            ("a]b[c", "ab"),
        ] {
            assert_eq!(without_indexes(address), expected);
        }
    }
}
