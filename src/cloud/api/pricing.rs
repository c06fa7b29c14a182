//! AWS Price List: what things cost, in every region's own words.

use super::{Page, call};

/// A page of the products of a service that match all filters, each as its JSON. Up to 100.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetProducts {
    /// Such as `AmazonEC2`.
    pub service: &'static str,
    /// Attributes and the values that they must have.
    pub filters: Vec<(&'static str, String)>,
    pub next: Option<String>,
}
call!(
    GetProducts,
    "pricing:GetProducts",
    reads,
    Page<String>,
    service
);
