//! What a command is: its arguments, which run it. A command is a file and its line in
//! `cli/mod.rs`.

use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::model::hint::CommandContext;
use serde_json::Value;

pub(super) trait Verb {
    /// The parts of the command line that advised commands repeat, to mean the same stack and place.
    fn here(&self) -> CommandContext {
        CommandContext::default()
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure>;
}

/// How a command ended, and its JSON document.
pub(super) struct Finished {
    pub(super) exit: Exit,
    /// Without `verb` and `exit`; `None` if the command prints none.
    pub(super) document: Option<Value>,
}

impl Finished {
    /// The command did what it was asked to.
    pub(super) const fn done(document: Value) -> Self {
        Self::with(Exit::Done, document)
    }

    pub(super) const fn with(exit: Exit, document: Value) -> Self {
        Self {
            exit,
            document: Some(document),
        }
    }

    pub(super) const fn without_document(exit: Exit) -> Self {
        Self {
            exit,
            document: None,
        }
    }
}

/// Declares commands: an enum for clap, a variant for each with its arguments, and how they run.
macro_rules! verbs {
    ($visibility:vis enum $name:ident {
        $($(#[$attribute:meta])* $variant:ident($arguments:ty),)*
    }) => {
        #[derive(Debug, clap::Subcommand)]
        $visibility enum $name {
            $($(#[$attribute])* $variant($arguments),)*
        }

        impl $crate::cli::verb::Verb for $name {
            fn here(&self) -> $crate::model::hint::CommandContext {
                match self {
                    $(Self::$variant(arguments) => arguments.here(),)*
                }
            }

            async fn run(
                &self,
                session: &$crate::app::session::Session,
            ) -> Result<$crate::cli::verb::Finished, $crate::app::failure::Failure> {
                match self {
                    $(Self::$variant(arguments) => arguments.run(session).await,)*
                }
            }
        }
    };
}

pub(super) use verbs;
