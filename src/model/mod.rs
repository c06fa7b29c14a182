//! The nouns. No I/O, no async, no clock, no format but each small type's own text.

pub mod action;
pub mod audit;
pub mod cidr;
pub mod clock;
pub mod desired;
pub mod event;
pub mod extension;
pub mod facts;
pub mod fleet;
pub mod glob;
pub mod hex;
pub mod hours;
pub mod instance;
pub mod invalid;
pub mod life;
pub mod memory;
pub mod mirror;
pub mod money;
pub mod month;
pub mod name;
pub mod notice;
pub mod observed;
pub mod orders;
mod parsed;
pub mod percent;
pub mod picture;
pub mod plan;
pub mod policy;
pub mod rates;
pub mod release;
pub mod rung;
pub mod sample;
pub mod sizes;
pub mod span;
pub mod stack;

pub use invalid::Invalid;
