//! Quantities in documents: a number under the name of its unit, such as `{"usd": 0.12}`.

use super::document_form::{self, NUMBER};
use super::money::Usd;
use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// An amount of money.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Dollars {
    /// US dollars, with all decimals that are known.
    pub usd: Exact,
}

/// A price for each hour.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct HourlyDollars {
    /// US dollars per hour.
    pub usd_per_hour: Exact,
}

/// An amount of memory or storage.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Bytes {
    /// Bytes.
    pub bytes: u64,
}

/// A duration.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Seconds {
    /// Seconds, with decimals if milliseconds are known.
    pub seconds: Exact,
}

/// A share.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Share {
    /// A percentage: 50 is a half.
    pub percent: Exact,
}

/// A number that is written digit by digit.
#[derive(Debug, Clone)]
pub struct Exact(pub Decimal);

/// A number; JSON's readers decide how many digits they keep.
impl JsonSchema for Exact {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Exact".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_newtype_struct(NUMBER, &self.0.to_string())
    }
}

impl From<Usd> for HourlyDollars {
    fn from(usd: Usd) -> Self {
        Self {
            usd_per_hour: Exact(usd.amount()),
        }
    }
}

impl Share {
    /// A percentage.
    pub const fn of(percent: Decimal) -> Self {
        Self {
            percent: Exact(percent),
        }
    }
}

impl Seconds {
    /// A duration in seconds.
    pub fn of(seconds: u64) -> Self {
        Self {
            seconds: Exact(seconds.into()),
        }
    }
}

/// For `serialize_with`: dollars that are a price for each hour.
///
/// # Errors
/// Returns the error of the serializer.
pub fn per_hour<S: Serializer>(usd: &Usd, to: S) -> Result<S::Ok, S::Error> {
    document_form::serialize(usd, &HourlyDollars::from(*usd), to)
}

/// For `serialize_with`: like [`per_hour`], if there is a price.
///
/// # Errors
/// Returns the error of the serializer.
pub fn per_hour_if_any<S: Serializer>(usd: &Option<Usd>, to: S) -> Result<S::Ok, S::Error> {
    document_form::serialize(usd, &usd.map(HourlyDollars::from), to)
}
