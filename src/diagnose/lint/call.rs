//! Calls: their arguments, what they return, and the checks that look at them.

use super::argparse;
use super::names;
use super::spark;
use super::strings;
use super::value::{Spark, Value};
use super::walk::Walk;
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::{Ranged, TextRange};

/// A call with the values of its arguments.
pub(super) struct Call<'a> {
    pub(super) node: &'a ExprCall,
    /// Those without a name.
    pub(super) args: Vec<Value>,
    /// Those with a name.
    pub(super) named: Vec<(&'a str, Value)>,
    /// Whether it has `*` or `**`, so that others may follow.
    pub(super) is_open: bool,
}

/// What is called.
pub(super) struct Callee<'a> {
    /// The object, if it is a method of one.
    pub(super) receiver: Value,
    /// The name of the method, or the dotted name of a function, such as `builtins.open`.
    pub(super) name: String,
    /// The place of the name and the arguments.
    pub(super) at: TextRange,
    /// The expression of the object.
    pub(super) object: Option<&'a Expr>,
}

impl<'a> Call<'a> {
    pub(super) fn of(walk: &mut Walk<'a>, node: &'a ExprCall) -> Self {
        let mut call = Self {
            node,
            args: Vec::new(),
            named: Vec::new(),
            is_open: false,
        };
        // The object comes before its arguments; `Walk::call` finds its value again by `callee`.
        for argument in &node.arguments.args {
            call.is_open |= argument.is_starred_expr();
            let value = walk.eval(argument);
            call.args.push(value);
        }
        for keyword in &node.arguments.keywords {
            let value = walk.eval(&keyword.value);
            match &keyword.arg {
                Some(name) => call.named.push((name.as_str(), value)),
                None => call.is_open = true,
            }
        }
        call
    }

    pub(super) fn named(&self, name: &str) -> Option<&Value> {
        let mut all = self.named.iter();
        all.find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    /// An argument by its place or by its name.
    pub(super) fn argument(&self, place: usize, name: &str) -> Option<&Value> {
        self.args.get(place).or_else(|| self.named(name))
    }
}

impl<'a> Walk<'a> {
    /// Follows a call: checks it and returns its value.
    pub(super) fn call(&mut self, call: &Call<'a>) -> Value {
        let Expr::Attribute(attribute) = &*call.node.func else {
            let callee = self.callee(&call.node.func);
            let result = self.call_of(&callee, call.node.range(), call);
            return result.unwrap_or_else(|| {
                self.home.passes(&call.args, &call.named);
                Value::Unknown
            });
        };
        let receiver = self.eval(&attribute.value);
        let name = attribute.attr.as_str();
        let at = TextRange::new(attribute.attr.range().start(), call.node.range().end());
        let method = self.attribute(&receiver, name);
        if let Some(result) = self.call_of(&method, at, call) {
            return result;
        }
        let callee = Callee {
            receiver,
            name: name.to_owned(),
            at,
            object: Some(&*attribute.value),
        };
        self.method_call(&callee, call)
    }

    /// The result of calling what is known as a function or a class; `None` for anything else.
    fn call_of(&mut self, called: &Value, at: TextRange, call: &Call<'a>) -> Option<Value> {
        if let Value::Import(name) = called {
            let callee = Callee {
                receiver: Value::Unknown,
                name: name.clone(),
                at,
                object: None,
            };
            return Some(self.import_call(&callee, call));
        }
        if let Value::Function(id) = called {
            return Some(self.call_function(*id, call));
        }
        if let Value::Class(class) = called {
            return Some(self.instance(*class, call));
        }
        None
    }

    /// What a call without an object calls. A function does not escape by it.
    fn callee(&mut self, function: &'a Expr) -> Value {
        if function.is_name_expr() {
            self.peek(function)
        } else {
            self.eval(function)
        }
    }

    fn method_call(&mut self, callee: &Callee<'a>, call: &Call<'a>) -> Value {
        self.check(callee, call);
        let name = callee.name.as_str();
        let receiver = &callee.receiver;
        if let Value::Spark(spark) = receiver {
            spark::method(*spark, name, call)
        } else if let Value::Text(text) = receiver {
            strings::method(text, name, call)
        } else if let Value::Parser(parser) = receiver {
            self.parser_method(*parser, name, call)
        } else if *receiver == Value::Unknown {
            self.open_methods(name);
            spark::method_of_anything(name)
        } else {
            // A method of a list may change it.
            if let Some(object) = callee.object {
                self.changed(object);
            }
            Value::Unknown
        }
    }

    fn import_call(&mut self, callee: &Callee<'a>, call: &Call<'a>) -> Value {
        self.check(callee, call);
        let name = callee.name.as_str();
        if let Some(class) = names::of_pyspark(name.trim_end_matches(".getOrCreate")) {
            return spark::of_class(class).map_or(Value::Unknown, Value::from);
        }
        if argparse::PARSERS.contains(&name) {
            return self.new_parser(call);
        }
        if name == "builtins.len"
            && let Some(Value::Argv(from)) = call.args.first()
        {
            let count = self.script.step.args.len() + 1;
            let count = count.saturating_sub(*from);
            return i64::try_from(count).map_or(Value::Unknown, Value::Int);
        }
        if name == "builtins.list"
            && matches!(call.args.first(), Some(Value::Argv(_) | Value::Items(_)))
        {
            return call.args.first().cloned().unwrap_or_default();
        }
        strings::function(name, call).unwrap_or_default()
    }

    /// The checks that look at calls.
    fn check(&mut self, callee: &Callee<'a>, call: &Call<'a>) {
        self.check_master(callee, call);
        self.check_conf(callee, call);
        self.check_paths(callee, call);
        self.check_log_level(callee, call);
        self.check_collects(callee, call);
        self.check_closures(callee, call);
        self.check_home(callee, call);
    }
}

impl Callee<'_> {
    /// Whether the object is of this kind, or not known.
    pub(super) fn may_be(&self, wanted: Spark) -> bool {
        self.receiver == Value::Spark(wanted) || self.receiver == Value::Unknown
    }
}
