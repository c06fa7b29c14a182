//! Where policies come from.

use crate::cli::failure::Failure;
use crate::model::policy::Policy;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct PolicyArgs {
    /// The folder of the policies
    #[arg(long, value_name = "DIR", default_value = "policies")]
    policies: PathBuf,
}

pub(super) fn policies(args: &PolicyArgs) -> Result<Vec<Policy>, Failure> {
    let folder = args.policies.display();
    let message = format!("this clusterup does not read policies yet, and none of {folder}");
    Err(Failure::input(message))
}
