//! The region whose prices are meant if none is given.

use crate::app::environment::region::known_region;
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::model::name::Region;

/// The region that is used if none is configured.
const FALLBACK: &str = "us-east-1";

/// Returns the profile's region, or [`FALLBACK`] with a note.
pub(super) async fn default_region(session: &Session) -> Result<Region, Failure> {
    if let Some(known) = known_region(&session.environment).await {
        return Ok(known);
    }
    session.reporter.say(&format!(
        "no region is set: using {FALLBACK} (--region selects another)"
    ));
    let parsed = FALLBACK.parse();
    parsed.map_err(|error| Failure::input("no region is set").caused_by(&error))
}
