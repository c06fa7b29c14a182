//! The user's settings: flags come before variables, variables before the settings file, and the file
//! before defaults.

use crate::app::failure::Failure;
use crate::disk;
use crate::model::Invalid;
use crate::model::colour::ColourMode;
use crate::model::hint::Command;
use crate::model::name::Region;
use crate::model::span::Span;
use crate::text::{self, At, SettingsFile};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettingSource {
    Flag(&'static str),
    Variable(&'static str),
    /// The line of the settings file.
    File(usize),
    Default,
}

/// A setting, and where it comes from. `None` is the default of what uses it.
#[derive(Debug, Clone)]
pub(crate) struct Resolved<T> {
    pub(crate) value: Option<T>,
    pub(crate) source: SettingSource,
}

impl<T> Default for Resolved<T> {
    fn default() -> Self {
        Self {
            value: None,
            source: SettingSource::Default,
        }
    }
}

/// The settings that flags of every command give.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettingFlags {
    pub(crate) profile: Option<String>,
    pub(crate) poll: Option<Span>,
    pub(crate) color: Option<ColourMode>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The settings file, whether it exists or not; `None` if no folder is known for it.
    pub(crate) file: Option<PathBuf>,
    pub(crate) has_file: bool,
    pub(crate) region: Resolved<Region>,
    pub(crate) profile: Resolved<String>,
    pub(crate) policies: Resolved<String>,
    pub(crate) notify: Resolved<String>,
    pub(crate) poll: Resolved<Span>,
    pub(crate) color: Resolved<ColourMode>,
}

/// Reads a variable; `None` if it is not set or empty.
type Variables<'a> = &'a dyn Fn(&'static str) -> Option<String>;

impl Settings {
    /// `folder`: the user's folder of settings, such as `~/.config`.
    ///
    /// # Errors
    /// Returns an error if the file or a variable is invalid.
    pub(super) fn resolve(
        flags: SettingFlags,
        folder: Option<&Path>,
        variables: Variables<'_>,
    ) -> Result<Self, Failure> {
        let file = folder.map(|folder| folder.join("clusterup/config.toml"));
        let written = file.as_deref().map(read).transpose()?.flatten();
        let has_file = written.is_some();
        let written = written.unwrap_or_default();
        let region = first(None, &["CLUSTERUP_REGION"], variables, None)?;
        // What AWS's own variables hold is checked where it is used.
        let region = region.or(of_aws(&["AWS_REGION", "AWS_DEFAULT_REGION"], variables));
        let profile = flags.profile.map(|value| (value, "--profile"));
        let poll = flags.poll.map(|value| (value, "--poll"));
        let poll = first(poll, &["CLUSTERUP_POLL"], variables, written.poll)?;
        if poll.value.is_some_and(|poll| poll.as_secs() == 0) {
            return Err(Failure::input("the time between two looks at AWS is zero")
                .hint("set poll to a second or more, such as 30s"));
        }
        Ok(Self {
            region: region.or(written.region.map(Resolved::written)),
            profile: first(
                profile,
                &["CLUSTERUP_PROFILE", "AWS_PROFILE"],
                variables,
                written.profile,
            )?,
            policies: first(None, &["CLUSTERUP_POLICIES"], variables, written.policies)?,
            notify: first(None, &["CLUSTERUP_NOTIFY"], variables, written.notify)?,
            poll,
            color: of_colour(flags.color, variables, written.color)?,
            file,
            has_file,
        })
    }
}

impl<T> Resolved<T> {
    fn written(at: At<T>) -> Self {
        Self {
            value: Some(at.value),
            source: SettingSource::File(at.line),
        }
    }

    /// This setting, or another if it is the default.
    fn or(self, other: impl Into<Option<Self>>) -> Self {
        match self.source {
            SettingSource::Default => other.into().unwrap_or_default(),
            SettingSource::Flag(_) | SettingSource::Variable(_) | SettingSource::File(_) => self,
        }
    }
}

/// Reads the settings file; `None` if there is none.
fn read(path: &Path) -> Result<Option<SettingsFile>, Failure> {
    let name = path.display().to_string();
    match disk::text(path, text::MAX_BYTES as u64) {
        Ok(text) => text::settings(&name, &text).map(Some).map_err(|mistakes| {
            let mut failure = Failure::input("the settings have mistakes");
            failure.diagnostics = Some(Box::new(mistakes));
            failure
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(Failure::input(format!("cannot read the settings {name}")).caused_by(&error))
        }
    }
}

/// The first of a flag, variables and the file that gives the setting.
fn first<T: FromStr<Err: ToString>>(
    flag: Option<(T, &'static str)>,
    names: &[&'static str],
    variables: Variables<'_>,
    written: Option<At<T>>,
) -> Result<Resolved<T>, Failure> {
    if let Some((value, name)) = flag {
        return Ok(Resolved {
            value: Some(value),
            source: SettingSource::Flag(name),
        });
    }
    for name in names {
        let Some(text) = variables(name) else {
            continue;
        };
        let value = text.parse().map_err(|why: T::Err| {
            Failure::input(format!(
                "the variable {name} is not valid: {}",
                why.to_string()
            ))
            .hint(Command::other("unset").arg(*name))
        })?;
        return Ok(Resolved {
            value: Some(value),
            source: SettingSource::Variable(name),
        });
    }
    Ok(written.map(Resolved::written).unwrap_or_default())
}

/// The first of AWS's own variables. One that is invalid keeps its place, without a value.
fn of_aws<T: FromStr<Err = Invalid>>(
    names: &[&'static str],
    variables: Variables<'_>,
) -> Option<Resolved<T>> {
    let mut names = names.iter();
    names.find_map(|name| {
        let text = variables(name)?;
        Some(Resolved {
            value: text.parse().ok(),
            source: SettingSource::Variable(name),
        })
    })
}

/// When output is coloured. `--color auto` is as if the file had nothing: variables still decide.
fn of_colour(
    flag: Option<ColourMode>,
    variables: Variables<'_>,
    written: Option<At<ColourMode>>,
) -> Result<Resolved<ColourMode>, Failure> {
    let flag = flag.map(|mode| Resolved {
        value: Some(mode),
        source: SettingSource::Flag("--color"),
    });
    if let Some(decided) = flag
        .as_ref()
        .filter(|it| it.value != Some(ColourMode::Auto))
    {
        return Ok(decided.clone());
    }
    let of_variables = first(None, &["CLUSTERUP_COLOR"], variables, None)?;
    let rest = flag.or(written.map(Resolved::written));
    Ok(of_variables.or(of_terminal(variables)).or(rest))
}

/// Whether NO_COLOR, CLICOLOR_FORCE or the terminal's type demand or forbid colours, in this order.
fn of_terminal(variables: Variables<'_>) -> Option<Resolved<ColourMode>> {
    let is = |name, mode: ColourMode, test: fn(&str) -> bool| {
        let applies = variables(name).is_some_and(|value| test(&value));
        applies.then_some(Resolved {
            value: Some(mode),
            source: SettingSource::Variable(name),
        })
    };
    is("NO_COLOR", ColourMode::Never, |_| true)
        .or_else(|| is("CLICOLOR_FORCE", ColourMode::Always, |value| value != "0"))
        .or_else(|| is("TERM", ColourMode::Never, |value| value == "dumb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        flags: SettingFlags,
        file: &str,
        variables: &[(&str, &str)],
    ) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("clusterup")).unwrap();
        std::fs::write(folder.path().join("clusterup/config.toml"), file).unwrap();
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Settings::resolve(flags, Some(folder.path()), &variable)
    }

    #[test]
    fn a_flag_comes_before_variables_before_the_file_before_the_default() {
        use SettingSource::{Default as Unset, File, Flag, Variable};
        let file = "profile = \"file\"\n";
        let flag = || SettingFlags {
            profile: Some("flag".to_owned()),
            ..SettingFlags::default()
        };
        let ours = ("CLUSTERUP_PROFILE", "ours");
        let aws = ("AWS_PROFILE", "aws");
        for (flags, file, variables, value, source) in [
            (
                flag(),
                file,
                &[ours, aws][..],
                Some("flag"),
                Flag("--profile"),
            ),
            (
                SettingFlags::default(),
                file,
                &[aws, ours],
                Some("ours"),
                Variable("CLUSTERUP_PROFILE"),
            ),
            (
                SettingFlags::default(),
                file,
                &[aws],
                Some("aws"),
                Variable("AWS_PROFILE"),
            ),
            (SettingFlags::default(), file, &[], Some("file"), File(1)),
            (SettingFlags::default(), "", &[], None, Unset),
        ] {
            let found = resolve(flags, file, variables).unwrap().profile;
            assert_eq!((found.value.as_deref(), found.source), (value, source));
        }
    }

    #[test]
    fn variables_on_colours_have_an_order() {
        use ColourMode::{Always, Never};
        let [no, force, dumb] = [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("TERM", "dumb")];
        let file = "color = \"always\"\n";
        for (variables, mode) in [
            (&[no, force, dumb][..], Some(Never)),
            (&[force, dumb], Some(Always)),
            (&[dumb], Some(Never)),
            (&[("CLICOLOR_FORCE", "0"), ("TERM", "xterm")], Some(Always)),
            (&[("CLUSTERUP_COLOR", "never"), force], Some(Never)),
        ] {
            let settings = resolve(SettingFlags::default(), file, variables).unwrap();
            assert_eq!(settings.color.value, mode, "{variables:?}");
        }
    }

    #[test]
    fn invalid_variables_and_files_are_refused_and_those_of_aws_are_left_to_it() {
        let plain = SettingFlags::default;
        let wrong = |file: &str, variables: &[(&str, &str)]| {
            resolve(plain(), file, variables).unwrap_err().message
        };
        let message = wrong("", &[("CLUSTERUP_REGION", "mars")]);
        assert!(
            message.contains("CLUSTERUP_REGION is not valid"),
            "{message}"
        );
        let file = resolve(plain(), "regoin = \"us-east-1\"\n", &[]).unwrap_err();
        assert!(file.diagnostics.is_some());
        assert_eq!(file.message, "the settings have mistakes");
        let zero = resolve(plain(), "poll = \"0s\"\n", &[]).unwrap_err();
        assert!(zero.diagnostics.is_some());
        let file = "region = \"us-east-1\"\n";
        let found = resolve(plain(), file, &[("AWS_REGION", "here")]).unwrap();
        assert_eq!(found.region.value, None);
        assert_eq!(found.region.source, SettingSource::Variable("AWS_REGION"));
    }
}
