//! Plants marks into Rust files, in place: at the start of each branch, a call that records that the branch
//! was taken. A branch is the body of a function or a loop, the block of an `if`, an `else` or a `let … else`,
//! or the arm of a `match`.

use crate::{Edit, is_test, one_line, with_edits};
use std::fs;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, AttrStyle, Block, Expr};

/// Plants marks into the files and writes a JSON array of `{id, file, line, function, branch, within}` to
/// `list`; `within` is the mark of the branch around this one.
pub fn plant(list: &str, files: impl Iterator<Item = String>) {
    let (mut all, mut next) = (Vec::new(), 0);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let mut found = Finder {
            file: &file,
            text: &text,
            next,
            owner: String::new(),
            function: String::new(),
            within: None,
            edits: Vec::new(),
            listed: Vec::new(),
        };
        found.visit_file(&syn::parse_file(&text).unwrap());
        next = found.next;
        fs::write(&file, with_edits(&text, found.edits)).unwrap();
        all.extend(found.listed);
    }
    fs::write(list, serde_json::to_string_pretty(&all).unwrap()).unwrap();
}

/// The length, in characters, to which the text of a branch is cut.
const LONGEST: usize = 80;

struct Finder<'a> {
    file: &'a str,
    text: &'a str,
    next: u32,
    /// The type or trait that is being visited, with `::` behind it.
    owner: String,
    function: String,
    within: Option<u32>,
    edits: Vec<Edit>,
    listed: Vec<serde_json::Value>,
}

impl Finder<'_> {
    /// Lists a branch, and returns the call that marks it.
    fn list(&mut self, branch: &str, at: &impl Spanned) -> (u32, String) {
        let id = self.next;
        self.next += 1;
        let branch: String = one_line(branch).chars().take(LONGEST).collect();
        self.listed.push(serde_json::json!({
            "id": id, "file": self.file, "line": at.span().start().line, "function": self.function,
            "branch": branch.trim_end(), "within": self.within,
        }));
        (id, format!(" crate::marks::seen({id});"))
    }

    /// Visits what is inside of a branch.
    fn inside(&mut self, id: u32, visit: impl FnOnce(&mut Self)) {
        let outer = self.within.replace(id);
        visit(self);
        self.within = outer;
    }

    /// Marks a block and visits it.
    fn block(&mut self, branch: &str, attributes: &[Attribute], block: &Block) {
        let (id, call) = self.list(branch, block);
        let mut at = block.brace_token.span.open().byte_range().end;
        for attribute in attributes.iter().filter(|it| matches!(it.style, AttrStyle::Inner(_))) {
            at = at.max(attribute.span().byte_range().end);
        }
        self.edits.push(Edit { at, order: (1, 0, 0), text: call });
        self.inside(id, |finder| finder.visit_block(block));
    }

    /// Marks an expression, which becomes a block, and visits it.
    fn expression(&mut self, branch: &str, expr: &Expr) {
        let (id, call) = self.list(branch, expr);
        let range = expr.span().byte_range();
        self.edits.push(Edit { at: range.start, order: (1, 0, 0), text: format!("{{{call} ") });
        self.edits.push(Edit { at: range.end, order: (0, 0, 0), text: " }".to_owned() });
        self.inside(id, |finder| finder.visit_expr(expr));
    }

    fn function(&mut self, attributes: &[Attribute], signature: &syn::Signature, block: &Block) {
        if signature.constness.is_some() || is_test(attributes) {
            return;
        }
        let name = format!("{}{}", self.owner, signature.ident);
        let outer = std::mem::replace(&mut self.function, name);
        let within = self.within.take();
        self.block("the function", attributes, block);
        self.function = outer;
        self.within = within;
    }

    fn owned(&mut self, owner: &str, visit: impl FnOnce(&mut Self)) {
        let owner = format!("{}::", one_line(owner));
        let outer = std::mem::replace(&mut self.owner, owner);
        visit(self);
        self.owner = outer;
    }

    fn source(&self, part: &impl Spanned) -> String {
        self.text[part.span().byte_range()].to_owned()
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_test(&item.attrs) {
            let owner = self.source(&item.self_ty);
            self.owned(&owner, |finder| visit::visit_item_impl(finder, item));
        }
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.owned(&item.ident.to_string(), |finder| visit::visit_item_trait(finder, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.attrs, &item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.attrs, &item.sig, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.attrs, &item.sig, block);
        }
    }

    // What is computed when the program is compiled cannot be marked.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}

    fn visit_expr_if(&mut self, branch: &'ast syn::ExprIf) {
        self.visit_expr(&branch.cond);
        let text = format!("if {}", self.source(&branch.cond));
        self.block(&text, &[], &branch.then_branch);
        match branch.else_branch.as_ref().map(|(_, other)| &**other) {
            Some(Expr::Block(other)) => self.block(&format!("else of {text}"), &other.attrs, &other.block),
            Some(other) => self.visit_expr(other),
            None => {}
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let Some((_, guard)) = &arm.guard {
            self.visit_expr(guard);
        }
        let text = self.source(arm);
        let text = text.trim_end_matches(',');
        match &*arm.body {
            Expr::Block(body) if body.label.is_none() => self.block(text, &body.attrs, &body.block),
            body => self.expression(text, body),
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let Some(init) = &local.init else { return };
        self.visit_expr(&init.expr);
        match init.diverge.as_ref().map(|(_, other)| &**other) {
            Some(Expr::Block(other)) => {
                let text = format!("else of let {} = {}", self.source(&local.pat), self.source(&init.expr));
                self.block(&text, &other.attrs, &other.block);
            }
            Some(other) => self.visit_expr(other),
            None => {}
        }
    }

    fn visit_expr_for_loop(&mut self, each: &'ast syn::ExprForLoop) {
        self.visit_expr(&each.expr);
        let text = format!("for {} in {}", self.source(&each.pat), self.source(&each.expr));
        self.block(&text, &each.attrs, &each.body);
    }

    fn visit_expr_while(&mut self, each: &'ast syn::ExprWhile) {
        self.visit_expr(&each.cond);
        let text = format!("while {}", self.source(&each.cond));
        self.block(&text, &each.attrs, &each.body);
    }

    fn visit_expr_loop(&mut self, each: &'ast syn::ExprLoop) {
        self.block("loop", &each.attrs, &each.body);
    }
}
