//! Replies about a cluster in EMR's own JSON, with all that EMR says: `import` reads bootstrap actions,
//! arguments of steps, bids and volumes, which the other calls leave out.

use crate::cloud::api::call;
use serde_json::{Map, Value};
use std::fmt;

/// A reply, or a page of one, in the names of EMR's API. It may hold secrets: the arguments of steps are
/// the user's.
#[derive(Clone, PartialEq, Eq)]
pub struct Verbatim(pub Map<String, Value>);

impl Verbatim {
    /// The token of the next page (Marker); `None` on the last.
    pub fn next(&self) -> Option<String> {
        let marker = self.0.get("Marker")?.as_str()?;
        (!marker.is_empty()).then(|| marker.to_owned())
    }

    /// What it has below a key; `None` if EMR says nothing there.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key).filter(|value| !value.is_null())
    }
}

impl fmt::Debug for Verbatim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Declares calls whose replies are passed on as EMR writes them; `next` for those that have pages.
macro_rules! verbatim {
    ($($(#[$doc:meta])* $call:ident, $name:literal $(, $next:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $call {
            /// The cluster's id, `j-…`.
            pub id: String,
            $(
                /// The token of the page to read; `None` for the first.
                pub $next: Option<String>,
            )?
        }
        call!($call, $name, reads, Verbatim, id);
    )*};
}

verbatim! {
    /// DescribeCluster: below `Cluster`. [`crate::cloud::api::Kind::NotFound`] if EMR does not know it.
    DescribeClusterVerbatim, "elasticmapreduce:DescribeCluster";
    /// ListSteps: below `Steps`, up to 50, newest first.
    ListStepsVerbatim, "elasticmapreduce:ListSteps", next;
    /// ListInstanceGroups: below `InstanceGroups`.
    ListInstanceGroupsVerbatim, "elasticmapreduce:ListInstanceGroups", next;
    /// ListInstanceFleets: below `InstanceFleets`.
    ListInstanceFleetsVerbatim, "elasticmapreduce:ListInstanceFleets", next;
    /// ListBootstrapActions: below `BootstrapActions`.
    ListBootstrapActionsVerbatim, "elasticmapreduce:ListBootstrapActions", next;
    /// GetAutoTerminationPolicy: below `AutoTerminationPolicy`, if there is one.
    GetAutoTerminationPolicyVerbatim, "elasticmapreduce:GetAutoTerminationPolicy";
    /// GetManagedScalingPolicy: below `ManagedScalingPolicy`, if there is one.
    GetManagedScalingPolicyVerbatim, "elasticmapreduce:GetManagedScalingPolicy";
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reply_shows_its_keys_and_none_of_its_values() {
        let value = json!({ "Steps": [{ "Args": ["--password", "planted"] }], "Marker": "next" });
        let Value::Object(entries) = value else {
            panic!("{value}");
        };
        let mut reply = Verbatim(entries);
        assert_eq!(format!("{reply:?}"), r#"{"Marker", "Steps"}"#);
        assert_eq!(reply.next().as_deref(), Some("next"));
        assert!(reply.take("Steps").is_some());
        assert_eq!(reply.take("Steps"), None);
        assert_eq!(Verbatim(Map::new()).next(), None);
    }
}
