//! Aggregates in expressions: they make one row of many.

use ruff_python_ast::Expr;
use ruff_python_ast::visitor::{self, Visitor};

/// Functions and methods of columns, and functions of SQL.
const AGGREGATES: [&str; 12] = [
    "approx_count_distinct",
    "avg",
    "collect_list",
    "collect_set",
    "count",
    "countDistinct",
    "first",
    "max",
    "mean",
    "min",
    "stddev",
    "sum",
];

/// Whether an expression calls an aggregate.
pub(super) fn has(expression: &Expr) -> bool {
    let mut search = Search { found: false };
    search.visit_expr(expression);
    search.found
}

/// Whether an expression of SQL has an aggregate.
pub(super) fn in_sql(text: &str) -> bool {
    let text = text.to_lowercase();
    let mut names = AGGREGATES.iter();
    names.any(|name| text.contains(&format!("{}(", name.to_lowercase())))
}

struct Search {
    found: bool,
}

impl<'a> Visitor<'a> for Search {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression {
            let name = if let Expr::Name(name) = &*call.func {
                name.id.as_str()
            } else if let Expr::Attribute(attribute) = &*call.func {
                attribute.attr.as_str()
            } else {
                ""
            };
            self.found |= AGGREGATES.contains(&name);
        }
        if !self.found {
            visitor::walk_expr(self, expression);
        }
    }
}
