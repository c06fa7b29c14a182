//! Checks what is brought to the driver.

use super::call::{Call, Callee};
use super::value::{Size, Spark, Value};
use super::walk::Walk;
use crate::model::lint::LintCode;

/// How many rows `take` may bring.
const MANY: i64 = 10_000;

impl<'a> Walk<'a> {
    pub(super) fn check_collects(&mut self, callee: &Callee<'a>, call: &Call<'a>) {
        let name = callee.name.as_str();
        let (Value::Spark(Spark::Rdd(Size::Whole)) | Value::Spark(Spark::Frame(Size::Whole))) =
            callee.receiver
        else {
            return;
        };
        let what = match name {
            "collect" | "toPandas" | "collectAsMap" => format!("`{name}()`"),
            "take" | "head" | "tail" => match call.argument(0, "num").or_else(|| call.named("n")) {
                Some(Value::Int(rows)) if *rows >= MANY => format!("`{name}({rows})`"),
                _ => return,
            },
            _ => return,
        };
        let message = format!("{what} brings rows of data of any size into the driver's memory");
        let help = "write them to `${results}`, or make them few before: `limit`, an aggregate, \
                    `count`";
        self.report(LintCode::Collects, &callee.at, message, help);
    }
}
