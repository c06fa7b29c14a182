//! Functions and classes of a script: what calls bind to their parameters, and following their
//! bodies once the scope around them is complete.

use super::around::{Around, Certainty};
use super::call::Call;
use super::summary::Calls;
use super::value::{ClassId, FunctionId, Spark, Value};
use super::walk::{Function, Walk};
use ruff_python_ast::{Expr, ParameterWithDefault, Parameters, StmtClassDef, StmtFunctionDef};
use ruff_text_size::Ranged;
use std::collections::BTreeMap;

/// The names that Spark's manual and courses give to a session and a context.
const BY_NAME: [(&str, Spark); 4] = [
    ("sc", Spark::Context),
    ("spark", Spark::Session),
    ("spark_context", Spark::Context),
    ("spark_session", Spark::Session),
];

/// That of a function whose calls are not known yet.
const FIRST: Certainty = Certainty {
    is_sure: true,
    is_unguarded: true,
    is_certain: false,
};

impl<'a> Walk<'a> {
    pub(super) fn enter(&mut self) {
        self.scopes.enter();
        self.waiting.push(Vec::new());
    }

    /// Follows the functions of the innermost scope that are called, and leaves it.
    pub(super) fn leave(&mut self) -> BTreeMap<String, Value> {
        loop {
            let now = &self.now;
            let waiting = self.waiting.last_mut();
            let next = waiting.and_then(|waiting| {
                let called = |id: &FunctionId| now.calls(*id).is_some();
                let at = waiting.iter().position(called)?;
                Some(waiting.remove(at))
            });
            let Some(next) = next else { break };
            self.function_body(next);
        }
        self.waiting.pop();
        self.scopes.leave()
    }

    pub(super) fn define(&mut self, def: &'a StmtFunctionDef) {
        let id = FunctionId(def.range().start().to_usize());
        for decorator in &def.decorator_list {
            self.eval(&decorator.expression);
        }
        for parameter in parameters(&def.parameters) {
            if let Some(default) = &parameter.default {
                self.eval(default);
            }
        }
        let class = self.class.filter(|_| self.function.is_none());
        let is_of_module = self.scopes.is_module();
        let function = Function {
            def,
            class,
            is_of_module,
        };
        self.functions.insert(id, function);
        self.note_command(id, def);
        self.note_udf(id, def);
        if let Some(waiting) = self.waiting.last_mut() {
            waiting.push(id);
        }
        let is_method = class.is_some();
        let name = def.name.as_str();
        // Something else calls it: the decorator, or Python.
        if !def.decorator_list.is_empty()
            || is_method && name.starts_with("__") && name != "__init__"
        {
            self.now.open(id, self.certainty_of_others());
        }
        if is_method {
            self.methods.entry(name).or_default().push(id);
        }
        self.scopes.set(name, Value::Function(id));
    }

    pub(super) fn class(&mut self, def: &'a StmtClassDef) {
        let id = ClassId(def.range().start().to_usize());
        for base in def.arguments.iter().flat_map(|it| &it.args) {
            self.eval(base);
        }
        let outer = self.class.replace(id);
        let function = self.function.take();
        self.scopes.enter();
        self.body(&def.body);
        // The methods are followed with the scope around the class, which is what they see.
        for (name, value) in self.scopes.leave() {
            self.now.attribute(id, &name, value);
        }
        (self.class, self.function) = (outer, function);
        self.scopes.set(def.name.as_str(), Value::Class(id));
    }

    fn function_body(&mut self, id: FunctionId) {
        let Some(function) = self.functions.get(&id).copied() else {
            return;
        };
        let calls = self.before.calls(id).cloned();
        let outer = (self.class, self.function, self.is_sure, self.around);
        self.class = function.class;
        self.function = Some(id);
        let certainty = calls.as_ref().map_or(FIRST, |calls| calls.certainty);
        self.is_sure = certainty.is_sure;
        self.around = Around::of_calls(certainty);
        self.enter();
        for (n, parameter) in parameters(&function.def.parameters).enumerate() {
            let name = parameter.parameter.name.as_str();
            let is_self = n == 0 && name == "self";
            let own = function.class.filter(|_| is_self).map(Value::Instance);
            let value = own.unwrap_or_else(|| self.given_to(parameter, calls.as_ref()));
            self.scopes.set(name, value);
        }
        let more = function.def.parameters.vararg.iter();
        for parameter in more.chain(&function.def.parameters.kwarg) {
            self.scopes.set(parameter.name.as_str(), Value::Unknown);
        }
        self.body(&function.def.body);
        self.leave();
        (self.class, self.function, self.is_sure, self.around) = outer;
    }

    /// What all calls give a parameter.
    fn given_to(&mut self, parameter: &'a ParameterWithDefault, calls: Option<&Calls>) -> Value {
        let name = parameter.parameter.name.as_str();
        let closed = calls.filter(|calls| !calls.is_open);
        let given = closed.map(|calls| calls.values.get(name));
        let value = match (given, &parameter.default) {
            (Some(Some(value)), _) => value.clone(),
            (Some(None), Some(default)) => self.eval(default),
            (Some(None), None) | (None, _) => Value::Unknown,
        };
        if value == Value::Unknown {
            let is_other = calls.is_some_and(|calls| calls.others.contains(name));
            let annotation = parameter.parameter.annotation.as_deref();
            return by_declaration(name, annotation, is_other);
        }
        value
    }

    /// Notes a call of a function of the script, and returns its result.
    pub(super) fn call_function(&mut self, id: FunctionId, call: &Call<'a>) -> Value {
        let Some(function) = self.functions.get(&id).copied() else {
            self.now.open(id, self.certainty());
            return Value::Unknown;
        };
        self.run_command(id, call);
        self.check_udf(id);
        // A decorator may handle errors, or call it another time.
        let certainty = if function.def.decorator_list.is_empty() {
            self.certainty()
        } else {
            self.certainty_of_others()
        };
        if call.is_open {
            self.now.open(id, certainty);
            return self.before.result_of(id);
        }
        let all = parameters(&function.def.parameters);
        let names = all.map(|one| one.parameter.name.as_str());
        let bound = function.class.is_some();
        let names = names.skip(usize::from(bound));
        let by_position = names.zip(call.args.iter().cloned());
        let by_name = call
            .named
            .iter()
            .map(|(name, value)| (*name, value.clone()));
        let values = by_position.chain(by_name);
        let values = values
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        self.now.call(id, values, certainty);
        self.before.result_of(id)
    }

    /// Notes that an object of a class is made.
    pub(super) fn instance(&mut self, class: ClassId, call: &Call<'a>) -> Value {
        if let Some(Value::Function(init)) = self.attribute_of_class(class, "__init__") {
            self.call_function(init, call);
        }
        Value::Instance(class)
    }

    /// An attribute of a class or of its objects, from this round or the one before.
    pub(super) fn attribute_of_class(&self, class: ClassId, name: &str) -> Option<Value> {
        let before = self.before.attribute_of(class, name);
        before
            .or_else(|| self.now.attribute_of(class, name))
            .cloned()
    }
}

fn parameters(all: &Parameters) -> impl Iterator<Item = &ParameterWithDefault> {
    let by_position = all.posonlyargs.iter().chain(&all.args);
    by_position.chain(&all.kwonlyargs)
}

/// What a parameter is by its type or, without one, by the name that is customary.
/// `is_other`: whether a call gives it something else.
fn by_declaration(name: &str, annotation: Option<&Expr>, is_other: bool) -> Value {
    let Some(annotation) = annotation else {
        let mut names = BY_NAME.into_iter().filter(|_| !is_other);
        let known = names.find(|(known, _)| *known == name);
        return known.map_or(Value::Unknown, |(_, spark)| spark.into());
    };
    let class = if let Expr::Name(name) = annotation {
        name.id.as_str()
    } else if let Expr::Attribute(attribute) = annotation {
        attribute.attr.as_str()
    } else {
        ""
    };
    super::spark::of_class(class).map_or(Value::Unknown, Value::from)
}
