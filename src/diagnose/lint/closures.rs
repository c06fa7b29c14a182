//! Checks functions that run on the executors: Spark's own objects are on the driver alone.

use super::call::{Call, Callee};
use super::names;
use super::statements::Assigned;
use super::value::{ClassId, FunctionId, Spark, Value};
use super::walk::Walk;
use crate::model::lint::LintCode;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Decorator, Expr, ExprAttribute, ExprContext, Parameters, Stmt, StmtFunctionDef,
};
use ruff_text_size::{Ranged, TextRange};
use std::collections::BTreeSet;

/// Methods whose functions run on the executors.
const OF_RDD: &[&str] = &[
    "aggregate",
    "aggregateByKey",
    "combineByKey",
    "filter",
    "flatMap",
    "flatMapValues",
    "fold",
    "foldByKey",
    "foreach",
    "foreachPartition",
    "groupBy",
    "keyBy",
    "map",
    "mapPartitions",
    "mapPartitionsWithIndex",
    "mapValues",
    "reduce",
    "reduceByKey",
    "sortBy",
    "treeAggregate",
    "treeReduce",
];
const OF_FRAME: &[&str] = &["foreach", "foreachPartition", "mapInArrow", "mapInPandas"];
const OF_GROUPS: &[&str] = &["apply", "applyInPandas"];
const UDFS: [&str; 3] = ["udf", "pandas_udf", "udtf"];

/// How many functions are followed from one that is given to Spark.
const MAX_FUNCTIONS: usize = 100;

impl<'a> Walk<'a> {
    pub(super) fn check_closures(&mut self, callee: &Callee<'a>, call: &Call<'a>) {
        let name = callee.name.as_str();
        let is_udf = |name: &str| UDFS.contains(&name.rsplit('.').next().unwrap_or_default());
        let runs_there = if let Value::Spark(spark) = callee.receiver {
            match spark {
                Spark::Rdd(_) => OF_RDD.contains(&name),
                Spark::Frame(_) => OF_FRAME.contains(&name),
                Spark::Grouped => OF_GROUPS.contains(&name),
                Spark::Context
                | Spark::Conf
                | Spark::Builder
                | Spark::Session
                | Spark::Reader
                | Spark::StreamReader
                | Spark::Writer => false,
            }
        } else {
            names::of_pyspark(name).is_some_and(is_udf) || self.registers(callee)
        };
        if !runs_there {
            return;
        }
        let arguments = &call.node.arguments;
        let named = arguments.keywords.iter().map(|keyword| &keyword.value);
        for function in arguments.args.iter().chain(named) {
            self.check_function(function);
        }
    }

    /// Whether a call is `spark.udf.register`.
    fn registers(&self, callee: &Callee<'a>) -> bool {
        let udf = callee.object.and_then(Expr::as_attribute_expr);
        let udf = udf.filter(|udf| callee.name == "register" && udf.attr.as_str() == "udf");
        udf.is_some_and(|udf| self.peek(&udf.value) == Spark::Session.into())
    }

    /// Notes a function that a decorator makes a function of the executors.
    pub(super) fn note_udf(&mut self, id: FunctionId, def: &'a StmtFunctionDef) {
        let is_udf = |decorator: &Decorator| {
            let call = decorator.expression.as_call_expr();
            let name = self.peek(call.map_or(&decorator.expression, |call| &call.func));
            let name = name.import_name().and_then(names::of_pyspark);
            name.is_some_and(|name| UDFS.contains(&name))
        };
        if def.decorator_list.iter().any(is_udf) {
            self.udfs.insert(id);
        }
    }

    /// Checks a function that is called as a column.
    pub(super) fn check_udf(&mut self, id: FunctionId) {
        if self.udfs.contains(&id) {
            self.check_body(id, &mut BTreeSet::new());
        }
    }

    fn check_function(&mut self, function: &'a Expr) {
        let mut seen = BTreeSet::new();
        if let Expr::Lambda(lambda) = function {
            let mut names = Names::outside(lambda.parameters.as_deref());
            let mut inner = Inner::default();
            inner.visit_expr(&lambda.body);
            names.own.extend(inner.0);
            names.visit_expr(&lambda.body);
            self.check_names(names, None, &mut seen);
        } else if let Value::Function(id) = self.peek(function) {
            self.check_body(id, &mut seen);
        }
    }

    /// Checks the body of a function that runs on the executors.
    pub(super) fn check_body(&mut self, id: FunctionId, seen: &mut BTreeSet<FunctionId>) {
        let Some(function) = self.functions.get(&id).copied() else {
            return;
        };
        if seen.len() >= MAX_FUNCTIONS || !seen.insert(id) {
            return;
        }
        let mut names = Names::outside(Some(&function.def.parameters));
        let mut assigned = Assigned(Vec::new());
        assigned.visit_body(&function.def.body);
        names.own.extend(assigned.0);
        let mut inner = Inner::default();
        inner.visit_body(&function.def.body);
        names.own.extend(inner.0);
        names.visit_body(&function.def.body);
        // A function of the module does not see the names of the function that passes it on.
        let hidden = function.is_of_module.then(|| self.scopes.hide());
        self.check_names(names, function.class, seen);
        if let Some(hidden) = hidden {
            self.scopes.show(hidden);
        }
    }

    /// `class`: that whose method uses the names.
    fn check_names(
        &mut self,
        names: Names<'a>,
        class: Option<ClassId>,
        seen: &mut BTreeSet<FunctionId>,
    ) {
        for (expression, at) in names.used {
            let value = match expression.as_attribute_expr() {
                Some(attribute) => self.of_self(attribute, class),
                None => self.peek(expression),
            };
            if let Value::Spark(spark) = value {
                let what = match spark {
                    Spark::Context => "the Spark context",
                    Spark::Session | Spark::Builder | Spark::Conf => "the Spark session",
                    Spark::Rdd(_) => "an RDD",
                    Spark::Frame(_)
                    | Spark::Grouped
                    | Spark::Reader
                    | Spark::StreamReader
                    | Spark::Writer => "a DataFrame",
                };
                let message = format!("{what} is used in a function that runs on the executors");
                let help = "it exists on the driver alone: join the data, or broadcast what the \
                            function needs";
                self.report(LintCode::DriverOnly, &at, message, help);
                return;
            }
            if let Value::Function(id) = value {
                self.check_body(id, seen);
            }
        }
    }
}

impl Walk<'_> {
    /// An attribute of `self`, which is known only as an object of a class of the script: another class
    /// may have methods of Spark's names.
    fn of_self(&self, attribute: &ExprAttribute, class: Option<ClassId>) -> Value {
        let class = match (class, self.peek(&attribute.value)) {
            (Some(class), _) | (None, Value::Instance(class)) => class,
            _ => return Value::Unknown,
        };
        let value = self.attribute_of_class(class, attribute.attr.as_str());
        value.unwrap_or_default()
    }
}

/// The names that functions, lambdas and comprehensions inside a function bind.
#[derive(Default)]
struct Inner<'a>(BTreeSet<&'a str>);

impl<'a> Visitor<'a> for Inner<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression
            && name.ctx == ExprContext::Store
        {
            self.0.insert(name.id.as_str());
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_parameters(&mut self, parameters: &'a Parameters) {
        self.0
            .extend(parameters.iter().map(|one| one.name().as_str()));
        visitor::walk_parameters(self, parameters);
    }
}

/// The names and attributes of `self` that a function takes from outside.
struct Names<'a> {
    own: BTreeSet<&'a str>,
    used: Vec<(&'a Expr, TextRange)>,
}

impl<'a> Names<'a> {
    fn outside(parameters: Option<&'a Parameters>) -> Self {
        let parameters = parameters.into_iter().flat_map(Parameters::iter);
        Self {
            own: parameters.map(|one| one.name().as_str()).collect(),
            used: Vec::new(),
        }
    }
}

impl<'a> Visitor<'a> for Names<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression
            && name.ctx == ExprContext::Load
            && !self.own.contains(name.id.as_str())
        {
            self.used.push((expression, expression.range()));
        }
        if let Expr::Attribute(attribute) = expression
            && let Expr::Name(name) = &*attribute.value
            && name.id.as_str() == "self"
        {
            self.used.push((expression, expression.range()));
        }
        visitor::walk_expr(self, expression);
    }
}
