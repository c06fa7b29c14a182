//! `config`: shows the settings, and where each comes from.

use super::verb::{Finished, Verb};
use crate::app::environment::{Resolved, SettingSource, Settings};
use crate::app::failure::Failure;
use crate::app::session::Session;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct ConfigArgs {}

/// A setting as it is shown.
struct Row {
    name: &'static str,
    /// `None` for the default.
    value: Option<String>,
    source: SettingSource,
    default: &'static str,
}

impl Row {
    fn of<T: ToString>(name: &'static str, of: &Resolved<T>, default: &'static str) -> Self {
        Self {
            name,
            value: of.value.as_ref().map(T::to_string),
            source: of.source,
            default,
        }
    }

    fn text(&self) -> String {
        let value = self.value.as_deref().unwrap_or(self.default);
        let source = match self.source {
            SettingSource::Flag(name) => name.to_owned(),
            SettingSource::Variable(name) => format!("variable {name}"),
            SettingSource::File(line) => format!("line {line} of the file"),
            SettingSource::Default => "default".to_owned(),
        };
        format!("  {:<9} {value} ({source})", self.name)
    }

    fn document(&self) -> SettingDocument {
        let (source, name, line) = match self.source {
            SettingSource::Flag(name) => (SourceKind::Flag, Some(name), None),
            SettingSource::Variable(name) => (SourceKind::Variable, Some(name), None),
            SettingSource::File(line) => (SourceKind::File, None, Some(line)),
            SettingSource::Default => (SourceKind::Default, None, None),
        };
        SettingDocument {
            value: self.value.clone(),
            source,
            name,
            line,
        }
    }
}

impl Verb for ConfigArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let settings = &session.environment.settings;
        let file = settings.file.as_ref().map(|file| file.display());
        match &file {
            Some(file) if settings.has_file => reporter.text(&format!("settings in {file}")),
            Some(file) => reporter.text(&format!("settings; there is no file {file}")),
            None => reporter.text("settings; no folder is known for a file"),
        }
        let rows = rows(settings);
        for row in &rows {
            reporter.text(&row.text());
        }
        Ok(Finished::done(ConfigDocument {
            file: settings.file.clone(),
            exists: settings.has_file,
            settings: rows.iter().map(|row| (row.name, row.document())).collect(),
        }))
    }
}

fn rows(settings: &Settings) -> [Row; 6] {
    // It may hold a password, or an address that is one.
    let notify = Resolved {
        value: settings.notify.value.as_ref().map(|_| "(set, not shown)"),
        source: settings.notify.source,
    };
    [
        Row::of("region", &settings.region, "the stack's or the profile's"),
        Row::of("profile", &settings.profile, "default"),
        Row::of(
            "policies",
            &settings.policies,
            "folders policies/ beside a stack and above it",
        ),
        Row::of("notify", &notify, "standard error"),
        Row::of("poll", &settings.poll, "30s"),
        Row::of("color", &settings.color, "auto"),
    ]
}

/// The settings, and where each comes from.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct ConfigDocument {
    /// The settings file; null if no folder is known for it.
    file: Option<PathBuf>,
    /// Whether there is a file.
    exists: bool,
    /// The settings by name.
    settings: BTreeMap<&'static str, SettingDocument>,
}

/// A setting.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct SettingDocument {
    /// Its value; null for the default.
    value: Option<String>,
    /// What it comes from.
    source: SourceKind,
    /// The name of the flag or the variable.
    name: Option<&'static str>,
    /// The line of the file.
    line: Option<usize>,
}

/// What a setting comes from.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum SourceKind {
    Flag,
    Variable,
    File,
    Default,
}
