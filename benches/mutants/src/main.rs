//! Plants small mistakes into Rust files, in place, so that one build has all of them: each is off until
//! `crate::mutants::on` says otherwise of its number.
//!
//! Usage: `clusterup-mutants LIST SKIPPED FILE...`. LIST is written: a JSON array of `{id, file, line,
//! from, to}`. SKIPPED holds the ids of mistakes that are listed and not planted.
//!
//! `clusterup-mutants marks LIST FILE...` plants marks of branches instead: see `marks`.

mod marks;

use std::collections::BTreeSet;
use std::ops::Range;
use std::{env, fs};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr};

fn main() {
    let mut arguments = env::args().skip(1).peekable();
    if arguments.next_if(|word| word == "marks").is_some() {
        let list = arguments.next().unwrap();
        return marks::plant(&list, arguments);
    }
    let (list, skipped) = (arguments.next().unwrap(), arguments.next().unwrap());
    let skipped = fs::read_to_string(skipped).unwrap_or_default();
    let skipped: BTreeSet<u32> = skipped.lines().map(|id| id.parse().unwrap()).collect();
    let (mut all, mut next) = (Vec::new(), 1);
    for file in arguments {
        let text = fs::read_to_string(&file).unwrap();
        let mut found = Finder::new(&file, &text, &skipped, next);
        found.visit_file(&syn::parse_file(&text).unwrap());
        next = found.next;
        fs::write(&file, with_edits(&text, found.edits)).unwrap();
        all.extend(found.listed);
    }
    fs::write(list, serde_json::to_string_pretty(&all).unwrap()).unwrap();
}

/// The text with insertions. Of several at one place, those of an outer expression come first at its
/// start and last at its end.
fn with_edits(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.at, edit.order));
    let (mut written, mut from) = (String::new(), 0);
    for edit in edits {
        written.push_str(&text[from..edit.at]);
        written.push_str(&edit.text);
        from = edit.at;
    }
    written + &text[from..]
}

struct Edit {
    at: usize,
    /// Ends before starts; shorter expressions end first and start last. Of two mistakes in one expression,
    /// the first surrounds the second.
    order: (u8, i64, i64),
    text: String,
}

struct Finder<'a> {
    file: &'a str,
    text: &'a str,
    skipped: &'a BTreeSet<u32>,
    next: u32,
    edits: Vec<Edit>,
    listed: Vec<serde_json::Value>,
}

impl<'a> Finder<'a> {
    fn new(file: &'a str, text: &'a str, skipped: &'a BTreeSet<u32>, next: u32) -> Self {
        let (edits, listed) = (Vec::new(), Vec::new());
        Self { file, text, skipped, next, edits, listed }
    }

    /// Surrounds an expression.
    fn plant(&mut self, whole: &impl Spanned, to: &str, surround: impl FnOnce(u32) -> (String, &'static str)) {
        let span = whole.span();
        let (range, line) = (span.byte_range(), span.start().line);
        let id = self.next;
        self.next += 1;
        let from = &self.text[range.clone()];
        self.listed.push(serde_json::json!({
            "id": id, "file": self.file, "line": line, "from": one_line(from), "to": one_line(to),
        }));
        if self.skipped.contains(&id) {
            return;
        }
        let (before, after) = surround(id);
        let (length, nth) = (i64::try_from(range.len()).unwrap(), i64::from(id));
        self.edits.push(Edit { at: range.start, order: (1, -length, nth), text: before });
        self.edits.push(Edit { at: range.end, order: (0, length, -nth), text: after.to_owned() });
    }

    /// Puts other text in place of an expression.
    fn instead(&mut self, whole: &impl Spanned, to: &str) {
        self.plant(whole, to, |id| {
            (format!("(if crate::mutants::on({id}) {{ {to} }} else {{ "), " })")
        });
    }

    /// Turns a condition into its opposite.
    fn negate(&mut self, condition: &Expr) {
        let to = format!("!({})", self.source(condition));
        self.plant(condition, &to, |id| (format!("(crate::mutants::on({id}) != ("), "))"));
    }

    fn source(&self, part: &impl Spanned) -> &'a str {
        let range: Range<usize> = part.span().byte_range();
        &self.text[range]
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands for an operator.
fn others(op: &BinOp) -> &'static [&'static str] {
    match op {
        BinOp::Lt(_) => &["<="],
        BinOp::Le(_) => &["<"],
        BinOp::Gt(_) => &[">="],
        BinOp::Ge(_) => &[">"],
        BinOp::Eq(_) => &["!="],
        BinOp::Ne(_) => &["=="],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Add(_) => &["-"],
        BinOp::Sub(_) => &["+"],
        BinOp::Mul(_) => &["/"],
        BinOp::Div(_) => &["*"],
        _ => &[],
    }
}

fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        Expr::Paren(inner) => has_let(&inner.expr),
        _ => false,
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    let is = |attribute: &syn::Attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg") && {
                let list = attribute.meta.require_list();
                list.is_ok_and(|list| list.tokens.to_string().contains("test"))
            }
    };
    attributes.iter().any(is)
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_test(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if item.sig.constness.is_none() && !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if item.sig.constness.is_none() && !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    // Values that are computed when the program is compiled cannot be switched.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        let is_chain = has_let(&binary.left) || has_let(&binary.right);
        for other in others(&binary.op).iter().filter(|_| !is_chain) {
            let (left, right) = (self.source(&binary.left), self.source(&binary.right));
            self.instead(binary, &format!("{left} {other} {right}"));
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let other = match call.method.to_string().as_str() {
            "min" if call.args.len() == 1 => Some("max"),
            "max" if call.args.len() == 1 => Some("min"),
            "any" => Some("all"),
            "all" => Some("any"),
            _ => None,
        };
        if let Some(other) = other {
            let (receiver, args) = (self.source(&call.receiver), self.source(&call.args));
            self.instead(call, &format!("{receiver}.{other}({args})"));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_if(&mut self, branch: &'ast syn::ExprIf) {
        // Comparisons have mistakes of their own.
        if !has_let(&branch.cond) && !matches!(*branch.cond, Expr::Binary(_)) {
            self.negate(&branch.cond);
        }
        visit::visit_expr_if(self, branch);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let Some((_, guard)) = &arm.guard
            && !has_let(guard)
            && !matches!(**guard, Expr::Binary(_))
        {
            self.negate(guard);
        }
        visit::visit_arm(self, arm);
    }
}
