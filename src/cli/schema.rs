//! `schema`: the JSON Schema of stacks or policies, for editors.

use super::verb::{Finished, Verb};
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::text;
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(super) struct SchemaArgs {
    /// The kind of file
    #[arg(value_enum, default_value = "stack")]
    of: Document,
}

// A kind of YAML file that users write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Document {
    Stack,
    Policy,
}

impl Verb for SchemaArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let schema = match self.of {
            Document::Stack => text::json_schema(),
            Document::Policy => text::policy_schema(),
        };
        session.reporter.raw(&format!("{schema:#}"));
        Ok(Finished::without_document(Exit::Done))
    }
}
