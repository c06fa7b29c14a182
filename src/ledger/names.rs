//! The names in a ledger, for shells that complete them. Reading them changes nothing.

use crate::model::name::{ClusterId, StackName};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::path::Path;

/// The names of stacks and clusters that a ledger has.
#[derive(Debug, Default)]
pub struct Names {
    /// The stacks of the newest records.
    pub stacks: BTreeSet<StackName>,
    /// The clusters whose records are not final.
    pub clusters: BTreeSet<ClusterId>,
}

/// How many of the newest records are read.
const NEWEST: &str = "SELECT stack, id, final FROM records ORDER BY created_at DESC LIMIT 1000";

impl Names {
    /// Reads the ledger in a file. It has no names if it does not exist or cannot be read.
    pub fn read(path: &Path) -> Self {
        Self::try_read(path).unwrap_or_default()
    }

    fn try_read(path: &Path) -> rusqlite::Result<Self> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut statement = db.prepare(NEWEST)?;
        let rows = statement.query_map([], |row| {
            let values: (String, String, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(values)
        })?;
        let mut names = Self::default();
        for row in rows {
            let (stack, id, is_final) = row?;
            names.stacks.extend(stack.parse::<StackName>());
            if !is_final {
                names.clusters.extend(id.parse::<ClusterId>());
            }
        }
        Ok(names)
    }
}
