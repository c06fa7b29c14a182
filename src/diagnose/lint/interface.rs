//! What a script takes from its command line, and which packages it imports, for a stack that is to run
//! it.

use super::modules;
use super::script::Script;
use super::syntax;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, ModModule, Stmt};
use std::collections::BTreeSet;

/// What a script takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its options and named arguments, as `argparse` or `click` declare them, in the order of the text.
    pub options: Vec<ScriptOption>,
    /// The number of arguments that it reads from `sys.argv`.
    pub words: usize,
    /// The packages whose modules it imports and that neither Python nor EMR brings.
    pub packages: BTreeSet<String>,
}

/// An option or a named argument of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptOption {
    /// The option, such as `--input`; `None` for an argument without one.
    pub flag: Option<String>,
    /// Its name, such as `input`.
    pub name: String,
    /// Whether the script ends without it.
    pub is_required: bool,
}

/// The interface of a script; empty if its text cannot be parsed.
pub fn interface(script: &Script<'_>) -> Interface {
    let Some(tree) = syntax::parse(script).tree else {
        return Interface::default();
    };
    let tree: &ModModule = tree.syntax();
    let mut found = Found::default();
    found.visit_body(&tree.body);
    Interface {
        options: found.options,
        words: found.words,
        packages: modules::packages(script, tree),
    }
}

#[derive(Default)]
struct Found {
    options: Vec<ScriptOption>,
    words: usize,
}

impl<'a> Visitor<'a> for Found {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assign(assign) = statement
            && let Some(from) = argv(&assign.value)
        {
            for target in &assign.targets {
                let tuple = target.as_tuple_expr().map(|tuple| tuple.elts.len());
                let list = target.as_list_expr().map(|list| list.elts.len());
                let names = tuple.or(list).unwrap_or_default();
                self.words = self.words.max((names + from).saturating_sub(1));
            }
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression {
            self.options.extend(option(call));
        } else if let Expr::Subscript(subscript) = expression
            && argv(&subscript.value) == Some(0)
            && let Some(index) = number(&subscript.slice)
        {
            self.words = self.words.max(index);
        }
        visitor::walk_expr(self, expression);
    }
}

/// The index of `sys.argv` with which an expression begins: `sys.argv` or `sys.argv[1:]`.
fn argv(expression: &Expr) -> Option<usize> {
    if let Expr::Subscript(subscript) = expression {
        let slice = subscript.slice.as_slice_expr()?;
        let lower = slice.lower.as_deref().map_or(Some(0), number)?;
        return (argv(&subscript.value)? == 0 && slice.upper.is_none()).then_some(lower);
    }
    let attribute = expression.as_attribute_expr().map(|it| it.attr.as_str());
    let name = expression.as_name_expr().map(|it| it.id.as_str());
    (attribute.or(name) == Some("argv")).then_some(0)
}

fn number(expression: &Expr) -> Option<usize> {
    let number = expression.as_number_literal_expr()?;
    usize::try_from(number.value.as_int()?.as_u64()?).ok()
}

/// What a call of `add_argument`, `click.option` or `click.argument` declares. A flag without a value is
/// nothing that a stack must give.
fn option(call: &ExprCall) -> Option<ScriptOption> {
    let function = call.func.as_attribute_expr()?;
    let of = function.value.as_name_expr().map(|name| name.id.as_str());
    let is_click = of == Some("click");
    let by_position = match function.attr.as_str() {
        "add_argument" => true,
        "option" if is_click => false,
        "argument" if is_click => true,
        _ => return None,
    };
    let texts = call.arguments.args.iter();
    let texts: Vec<&str> = texts.filter_map(text).collect();
    let keyword = |name: &str| {
        let keywords = call.arguments.keywords.iter();
        let mut keywords = keywords.filter(|it| it.arg.as_ref().is_some_and(|arg| arg == name));
        keywords.next().map(|keyword| &keyword.value)
    };
    let action = keyword("action").and_then(text);
    let takes_value = action.is_none_or(|action| action == "store" || action == "append");
    let is_flag =
        keyword("is_flag").is_some_and(is_true) || texts.iter().any(|it| it.contains('/'));
    if !takes_value || is_flag {
        return None;
    }
    let flags = texts.iter().filter(|text| text.starts_with('-'));
    let flag = flags.max_by_key(|flag| flag.starts_with("--")).copied();
    let named = flag.or_else(|| texts.first().copied().filter(|_| by_position))?;
    let nargs = keyword("nargs").and_then(text);
    let is_optional = matches!(nargs, Some("?" | "*")) || keyword("default").is_some();
    let is_required = match flag {
        Some(_) => keyword("required").is_some_and(is_true),
        None => !is_optional && keyword("required").is_none_or(is_true),
    };
    Some(ScriptOption {
        flag: flag.map(str::to_owned),
        name: named.trim_start_matches('-').to_owned(),
        is_required,
    })
}

fn text(expression: &Expr) -> Option<&str> {
    Some(expression.as_string_literal_expr()?.value.to_str())
}

fn is_true(expression: &Expr) -> bool {
    expression
        .as_boolean_literal_expr()
        .is_some_and(|it| it.value)
}
