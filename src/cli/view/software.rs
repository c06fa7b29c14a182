//! What EMR installs and configures on a cluster, as lines of text.

use crate::model::software::Software;

/// One line for each kind of thing that the stack asks for.
pub(super) fn lines(software: &Software) -> Vec<String> {
    let names = |all: Vec<&str>| (!all.is_empty()).then(|| all.join(", "));
    let applications = software.applications.iter().map(|one| one.as_str());
    let tables = software.tables.iter().map(|table| table.as_str());
    let rows = [
        ("applications", names(applications.collect())),
        ("catalog", software.catalog.map(|it| it.as_str().to_owned())),
        ("tables", names(tables.collect())),
        (
            "configurations",
            names(software.configurations.classifications()),
        ),
    ];
    let lines = rows
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key}: {}", value?)));
    lines.collect()
}
