//! Why the schedules of clusters could not be armed, as it was reported.

use crate::model::name::ClusterId;
use std::collections::BTreeMap;

/// By cluster, each reason once, the newest last.
#[derive(Debug, Default)]
pub(super) struct Warned(BTreeMap<String, Vec<String>>);

impl Warned {
    /// Notes a reason. Returns false if it was reported before.
    pub(super) fn insert(&mut self, id: &ClusterId, what: &str) -> bool {
        let known = self.0.entry(id.to_string()).or_default();
        let is_new = known.iter().all(|it| it != what);
        known.retain(|it| it != what);
        known.push(what.to_owned());
        is_new
    }

    /// The newest reason of a cluster.
    pub(super) fn of(&self, id: &str) -> Option<String> {
        self.0.get(id)?.last().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_of_its_own_cluster_alone() {
        let mut warned = Warned::default();
        let long: ClusterId = "j-12".parse().unwrap();
        let what = "the schedule that ends j-12 is not armed: j-1, j-2 and j-3 have one";
        assert!(warned.insert(&long, what));
        for other in ["j-1", "j-2", "j-3", "12", "j-123", ""] {
            assert_eq!(warned.of(other), None, "{other}");
        }
        assert_eq!(warned.of("j-12").as_deref(), Some(what));
    }

    #[test]
    fn each_reason_is_reported_once_and_the_newest_is_kept() {
        let mut warned = Warned::default();
        let [one, two]: [ClusterId; 2] = ["j-1", "j-2"].map(|id| id.parse().unwrap());
        assert!(warned.insert(&one, "a"));
        assert!(!warned.insert(&one, "a"));
        assert!(warned.insert(&one, "b"));
        assert!(warned.insert(&two, "a"));
        assert_eq!(warned.of("j-1").as_deref(), Some("b"));
        assert!(!warned.insert(&one, "a"));
        assert_eq!(warned.of("j-1").as_deref(), Some("a"));
    }
}
