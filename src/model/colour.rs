//! When output is coloured.

use super::invalid::Invalid;
use std::fmt;
use std::str::FromStr;

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourMode {
    /// If it goes to a terminal.
    #[default]
    Auto,
    /// Always, also in a pipe.
    Always,
    /// Never.
    Never,
}

impl ColourMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    /// The name on the command line and in the settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// Whether output is coloured that goes to a terminal, or that does not.
    pub const fn applies(self, is_terminal: bool) -> bool {
        match self {
            Self::Auto => is_terminal,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl fmt::Display for ColourMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ColourMode {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mode = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        mode.ok_or_else(|| Invalid::new("`auto`, `always` or `never`"))
    }
}
