//! The file in which sweeps keep what they have learned of foreign clusters. It only saves calls: if it
//! cannot be read or written, the next sweep learns it again.

use super::files::write_whole;
use crate::disk;
use crate::guard::watch::{REMEMBERED_FOR, RememberedCluster};
use crate::model::name::ClusterId;
use crate::model::place::Place;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The most clusters in the file.
const MAX_CLUSTERS: usize = 20_000;

/// A file of remembered clusters, one JSON object to a line.
pub struct RememberedFile {
    path: PathBuf,
}

impl RememberedFile {
    /// The file at a path. It need not exist.
    pub const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The clusters in the file, by their places. Lines that cannot be read are left out.
    pub fn read(&self) -> BTreeMap<(Place, ClusterId), RememberedCluster> {
        let text = disk::text(&self.path, disk::RECORD).unwrap_or_default();
        let clusters = text.lines().take(MAX_CLUSTERS);
        let clusters = clusters.filter_map(|line| serde_json::from_str(line).ok());
        clusters
            .map(|cluster: RememberedCluster| (key(&cluster), cluster))
            .collect()
    }

    /// Replaces the clusters of the file by these, and keeps those that others have put there and that
    /// were seen of late.
    pub fn write(&self, clusters: Vec<RememberedCluster>, now: DateTime<Utc>) {
        if clusters.is_empty() {
            return;
        }
        let mut all = self.read();
        all.retain(|_, known| now - known.seen_at <= REMEMBERED_FOR);
        all.extend(clusters.into_iter().map(|it| (key(&it), it)));
        let mut all: Vec<RememberedCluster> = all.into_values().collect();
        all.sort_by_key(|known| std::cmp::Reverse(known.seen_at));
        all.truncate(MAX_CLUSTERS);
        let lines = all.iter().filter_map(|it| serde_json::to_string(it).ok());
        let text: String = lines.map(|line| line + "\n").collect();
        // The next sweep learns again what could not be written.
        let _ = write_whole(&self.path, text.as_bytes());
    }
}

fn key(cluster: &RememberedCluster) -> (Place, ClusterId) {
    (cluster.place.clone(), cluster.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use serde_json::json;

    fn cluster(id: &str, seen_at: DateTime<Utc>) -> RememberedCluster {
        serde_json::from_value(json!({
            "place": "us-east-1",
            "id": id,
            "created_at": seen_at,
            "seen_at": seen_at,
            "worked_at": null,
            "protected": false,
            "applications": ["Spark"],
            "quiet_period": null,
        }))
        .unwrap()
    }

    #[test]
    fn clusters_are_kept_until_they_are_old_and_broken_lines_are_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let file = RememberedFile::at(folder.path().join("deep/fleet.jsonl"));
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(30);
        assert!(file.read().is_empty());
        file.write(vec![cluster("j-OLD", now - TimeDelta::days(14))], now);
        file.write(vec![cluster("j-NEW", now)], now);
        assert_eq!(file.read().len(), 2);
        let later = now + TimeDelta::days(3);
        file.write(vec![cluster("j-LAST", later)], later);
        let ids: Vec<String> = file.read().keys().map(|(_, id)| id.to_string()).collect();
        assert_eq!(ids, ["j-LAST", "j-NEW"]);
        let mut same = cluster("j-LAST", later);
        same.place = "222222222222:us-east-1".parse().unwrap();
        file.write(vec![same], later);
        assert_eq!(file.read().len(), 3, "the same id in another account");
        let text = std::fs::read_to_string(&file.path).unwrap();
        std::fs::write(&file.path, format!("no\n{{}}\n{text}[1]\n\0")).unwrap();
        assert_eq!(file.read().len(), 3);
    }
}
