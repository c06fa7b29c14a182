//! What a command is: its arguments, which run it. A command is a file and its line in
//! `cli/mod.rs`.

use super::error_fields::ErrorFields;
use crate::app::document::Document;
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::model::hint::CommandContext;
use serde::Serialize;

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
    pub(super) document: Option<Document>,
}

impl Finished {
    /// The command did what it was asked to.
    pub(super) fn done(document: impl Serialize) -> Self {
        Self::with(Exit::Done, document)
    }

    pub(super) fn with(exit: Exit, document: impl Serialize) -> Self {
        Self {
            exit,
            document: Some(Document::of(&document)),
        }
    }

    /// The question was not answered with yes, so nothing was changed.
    pub(super) fn declined(session: &Session) -> Self {
        const MESSAGE: &str = "nothing was changed";
        session.reporter.say(MESSAGE);
        Self::with(Exit::Failed, ErrorFields::new(MESSAGE).document())
    }

    /// A signal ended it before it was done.
    pub(super) fn interrupted(message: &str) -> Self {
        Self::with(Exit::Interrupted, ErrorFields::new(message).document())
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
