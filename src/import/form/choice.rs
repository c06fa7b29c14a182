//! Which cluster of a document is meant: a stack has one.

use crate::import::{Refused, Wrong};
use crate::model::shown::line;

/// The number of the cluster that is meant: the only one, or the one that is wanted. `names`: those by
/// which the document's clusters are told apart. `none`: the error if there are none.
pub(super) fn chosen(
    names: &[String],
    wanted: Option<&str>,
    none: impl FnOnce() -> Wrong,
) -> Result<usize, Refused> {
    if names.is_empty() {
        return Err(none().into());
    }
    let number = match wanted {
        None => Some(0).filter(|_| names.len() == 1),
        Some(wanted) => names.iter().position(|name| name == wanted),
    };
    number.ok_or_else(|| {
        let shown = names.iter().map(|name| line(name, 120));
        let names = shown.collect();
        match wanted {
            None => Refused::Clusters(names),
            Some(wanted) => Refused::NoCluster {
                wanted: line(wanted, 120),
                names,
            },
        }
    })
}
