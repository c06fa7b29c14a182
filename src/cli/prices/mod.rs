//! `prices`: what instance types cost, and where each price is from.

mod refresh;
mod region;
mod show;

use super::verb::verbs;
pub(super) use refresh::RefreshDocument;
pub(super) use show::PricesDocument;

verbs! {
    pub(in crate::cli) enum PricesVerb {
        /// Show each price of an instance type, with its source and age
        Show(show::ShowArgs),
        /// Download a region's current prices from AWS into the cache
        Refresh(refresh::RefreshArgs),
    }
}
