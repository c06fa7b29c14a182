//! Our parser against the crate's.

use super::super::parse;
use super::super::tree::{self, Kind};

/// The order of evaluation as this parser reads it, all brackets written.
fn shape(node: &tree::Node, text: &str) -> String {
    let of = |node: &tree::Node| shape(node, text);
    let all = |nodes: &[tree::Node]| nodes.iter().map(of).collect::<Vec<_>>().join(" ");
    match &node.kind {
        Kind::Bool | Kind::Int | Kind::Double | Kind::Text | Kind::Name(_) => "v".to_owned(),
        Kind::List(nodes) => format!("[{}]", all(nodes)),
        Kind::Field(on, name) => format!("(. {} {})", of(on), name.text),
        Kind::Index(on, key) => format!("(_[_] {} {})", of(on), of(key)),
        Kind::Call(Some(on), name, args) => format!("({} {} {})", name.text, of(on), all(args)),
        Kind::Call(None, name, args) => format!("({} {})", name.text, all(args)),
        Kind::Not(inner) => format!("(!_ {})", of(inner)),
        Kind::Negate(inner) => format!("(-_ {})", of(inner)),
        Kind::Logic(nodes) => {
            let between = &text[nodes[0].range.end..nodes[1].range.start];
            let mark = if between.contains('&') { "&&" } else { "||" };
            let mut flat = Vec::new();
            for one in nodes {
                let one = of(one);
                let inner = one.strip_prefix(&format!("({mark} "));
                let inner = inner.and_then(|inner| inner.strip_suffix(')'));
                flat.push(inner.map_or(one.clone(), str::to_owned));
            }
            format!("({mark} {})", flat.join(" "))
        }
        Kind::Binary(one, mark, other) if mark.text == "in" => {
            format!("(@in {} {})", of(one), of(other))
        }
        Kind::Binary(one, mark, other) => format!("(_{}_ {} {})", mark.text, of(one), of(other)),
        Kind::Choice(parts) => format!("(_?_:_ {})", all(&parts[..])),
    }
}

/// The same as the crate reads it.
fn theirs(node: &cel::IdedExpr) -> String {
    use cel::common::ast::Expr as E;
    let all = |nodes: &[cel::IdedExpr]| nodes.iter().map(theirs).collect::<Vec<_>>().join(" ");
    match &node.expr {
        E::Literal(_) | E::Ident(_) => "v".to_owned(),
        E::List(list) => format!("[{}]", all(&list.elements)),
        E::Select(select) => format!("(. {} {})", theirs(&select.operand), select.field),
        E::Call(call) if ["_&&_", "_||_"].contains(&call.func_name.as_str()) => {
            let mut flat = Vec::new();
            flatten(node, &call.func_name, &mut flat);
            format!("({} {})", call.func_name.replace('_', ""), flat.join(" "))
        }
        E::Call(call) => match &call.target {
            Some(on) => format!("({} {} {})", call.func_name, theirs(on), all(&call.args)),
            None => format!("({} {})", call.func_name, all(&call.args)),
        },
        other @ (E::Unspecified | E::Comprehension(_) | E::Map(_) | E::Struct(_)) => {
            panic!("{other:?}")
        }
    }
}

fn flatten(node: &cel::IdedExpr, name: &str, into: &mut Vec<String>) {
    if let cel::common::ast::Expr::Call(call) = &node.expr
        && call.func_name == name
    {
        for arg in &call.args {
            flatten(arg, name, into);
        }
        return;
    }
    into.push(theirs(node));
}

/// Holds a rule that we read to the crate's reading of it.
pub(super) fn read_alike(text: &str) {
    if let Ok(mine) = parse::parse(text) {
        let read = cel::Env::default().parser().parse(text);
        let read = read.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(shape(&mine, text), theirs(&read), "{text}");
    }
}
