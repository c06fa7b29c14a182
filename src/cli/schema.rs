//! `schema`: the JSON Schema of stacks or policies, for editors, or of a command's JSON document.

use super::output_schemas;
use super::verb::{Finished, Verb};
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::text;
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

#[derive(Debug, clap::Args)]
pub(super) struct SchemaArgs {
    /// The kind of file
    #[arg(value_enum, default_value = "stack")]
    of: File,
    /// Print the schema of this command's JSON document instead, such as 'cost report'
    #[arg(
        long,
        value_name = "COMMAND",
        conflicts_with = "of",
        hide_possible_values = true
    )]
    #[arg(value_parser = PossibleValuesParser::new(output_schemas::names()))]
    output_of: Option<String>,
}

// A kind of YAML file that users write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum File {
    Stack,
    Policy,
}

impl Verb for SchemaArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let of_output = self.output_of.as_deref();
        let schema = match (of_output.and_then(output_schemas::output_schema), self.of) {
            (Some(schema), _) => schema,
            (None, File::Stack) => text::json_schema(),
            (None, File::Policy) => text::policy_schema(),
        };
        session.reporter.raw(&format!("{schema:#}"));
        Ok(Finished::without_document(Exit::Done))
    }
}
