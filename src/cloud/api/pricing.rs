//! AWS Price List: list prices of every region.

use super::{Page, call};

/// Lists up to 100 products of a service that match all filters, each as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetProducts {
    /// Such as `AmazonEC2`.
    pub service: &'static str,
    /// Attributes and the values that they must have.
    pub filters: Vec<(&'static str, String)>,
    /// The token of the page to read; `None` for the first.
    pub next: Option<String>,
}
call!(
    GetProducts,
    "pricing:GetProducts",
    reads,
    Page<String>,
    service
);
