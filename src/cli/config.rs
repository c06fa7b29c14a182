//! `config`: shows the settings, and where each comes from.

use super::verb::{Finished, Verb};
use crate::app::document::{Document, document};
use crate::app::environment::{Resolved, SettingSource, Settings};
use crate::app::failure::Failure;
use crate::app::session::Session;

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

    fn document(&self) -> Document {
        let (kind, name, line) = match self.source {
            SettingSource::Flag(name) => ("flag", Some(name), None),
            SettingSource::Variable(name) => ("variable", Some(name), None),
            SettingSource::File(line) => ("file", None, Some(line)),
            SettingSource::Default => ("default", None, None),
        };
        document!({ "value": self.value, "source": kind, "name": name, "line": line })
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
        let of_rows = rows.iter().map(|row| (row.name.to_owned(), row.document()));
        let of_rows = Document::Object(of_rows.collect());
        Ok(Finished::done(document!({
            "file": settings.file, "exists": settings.has_file, "settings": of_rows,
        })))
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
