//! Applications whose work neither steps nor YARN show: with them, quiet is no idleness, unless a
//! policy says that it is.

use super::Watched;
use crate::model::application::{Application, Work};
use crate::model::fleet::Place;

/// Why a cluster's idleness cannot be told from its steps and YARN; none where it can.
pub(super) fn evidence(watched: &Watched<'_>) -> Option<String> {
    let sight = watched.sight;
    if sight.place == Place::Local {
        return None;
    }
    if sight.applications.is_empty() {
        return Some("idleness unknown: EMR names no application of it".to_owned());
    }
    let allowed = &watched.orders.unmanaged.idle_by_yarn;
    let open = || sight.applications.iter().filter(|it| !allowed.contains(it));
    let of = |work: Work| -> Vec<&Application> { open().filter(|it| it.work() == work).collect() };
    let elsewhere = of(Work::Elsewhere);
    if !elsewhere.is_empty() {
        let names = listed(&elsewhere);
        return Some(format!(
            "idleness unknown: the work of {names} is not in YARN"
        ));
    }
    let unknown = of(Work::Unknown);
    (!unknown.is_empty()).then(|| {
        let names = listed(&unknown);
        format!("idleness unknown: nobody knows whether the work of {names} is in YARN")
    })
}

fn listed(applications: &[&Application]) -> String {
    match applications {
        [] => String::new(),
        [one] => one.to_string(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(|it| it.as_str()).collect();
            format!("{} and {last}", most.join(", "))
        }
    }
}
