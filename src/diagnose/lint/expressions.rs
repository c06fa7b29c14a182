//! Finds the values of expressions.

use super::call::Call;
use super::names;
use super::spark;
use super::text::Text;
use super::value::{Spark, Value};
use super::walk::Walk;
use ruff_python_ast::FStringPart;
use ruff_python_ast::{
    BoolOp, CmpOp, Comprehension, Expr, ExprBoolOp, ExprCompare, ExprFString, ExprIf, ExprLambda,
    ExprSubscript, InterpolatedStringElement, Number, Operator, UnaryOp,
};

impl<'a> Walk<'a> {
    /// The value of an expression. Its calls are checked.
    pub(super) fn eval(&mut self, expression: &'a Expr) -> Value {
        match expression {
            Expr::Name(name) => {
                let value = self.name(name.id.as_str());
                self.escapes(&value);
                value
            }
            Expr::Attribute(attribute) => {
                let object = self.eval(&attribute.value);
                let value = self.attribute(&object, attribute.attr.as_str());
                self.escapes(&value);
                if object == Value::Unknown {
                    self.open_methods(attribute.attr.as_str());
                }
                value
            }
            Expr::Call(node) => {
                let call = Call::of(self, node);
                self.call(&call)
            }
            Expr::StringLiteral(text) => Value::known(text.value.to_str()),
            Expr::FString(text) => self.f_string(text),
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(number) => number.as_i64().map_or(Value::Unknown, Value::Int),
                Number::Float(_) | Number::Complex { .. } => Value::Unknown,
            },
            Expr::BooleanLiteral(it) => Value::Bool(it.value),
            Expr::NoneLiteral(_) => Value::Nothing,
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::BinOp(operation) => {
                let left = self.eval(&operation.left);
                let right = self.eval(&operation.right);
                self.operation(left, operation.op, right)
            }
            Expr::UnaryOp(operation) => {
                let value = self.eval(&operation.operand);
                unary(operation.op, &value)
            }
            Expr::BoolOp(operation) => self.either(operation),
            Expr::Compare(comparison) => self.compare(comparison),
            Expr::If(choice) => self.choice(choice),
            Expr::Named(named) => {
                let value = self.eval(&named.value);
                self.assign(&named.target, value.clone());
                value
            }
            Expr::Tuple(tuple) => self.list(&tuple.elts),
            Expr::List(list) => self.list(&list.elts),
            Expr::Await(wait) => self.eval(&wait.value),
            Expr::Lambda(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_)
            | Expr::Dict(_)
            | Expr::Set(_)
            | Expr::Starred(_)
            | Expr::Yield(_)
            | Expr::YieldFrom(_)
            | Expr::Slice(_)
            | Expr::TString(_)
            | Expr::BytesLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => {
                self.follow(expression);
                Value::Unknown
            }
        }
    }

    /// Follows the parts of an expression whose value is not known.
    fn follow(&mut self, expression: &'a Expr) {
        if let Expr::Lambda(lambda) = expression {
            self.lambda(lambda);
        } else if let Expr::ListComp(all) = expression {
            self.comprehension(&all.generators, &[&all.elt]);
        } else if let Expr::SetComp(all) = expression {
            self.comprehension(&all.generators, &[&all.elt]);
        } else if let Expr::Generator(all) = expression {
            self.comprehension(&all.generators, &[&all.elt]);
        } else if let Expr::DictComp(all) = expression {
            let key = all.key.as_deref().unwrap_or(&all.value);
            self.comprehension(&all.generators, &[key, &all.value]);
        } else if let Expr::Dict(dict) = expression {
            for item in &dict.items {
                for part in item.key.iter().chain([&item.value]) {
                    self.eval(part);
                }
            }
        } else if let Expr::Set(set) = expression {
            self.list(&set.elts);
        } else if let Expr::Starred(starred) = expression {
            self.eval(&starred.value);
        } else if let Expr::Yield(result) = expression {
            if let Some(value) = &result.value {
                self.eval(value);
            }
        } else if let Expr::YieldFrom(result) = expression {
            self.eval(&result.value);
        } else if let Expr::Slice(slice) = expression {
            let parts = [&slice.lower, &slice.upper, &slice.step];
            for part in parts.into_iter().flatten() {
                self.eval(part);
            }
        }
    }

    /// A function that is passed on can be called with any arguments.
    fn escapes(&mut self, value: &Value) {
        if let Value::Function(id) = value {
            self.now.open(*id, self.certainty_of_others());
        }
    }

    /// The value of a name or of an attribute, without following calls.
    pub(super) fn peek(&self, expression: &Expr) -> Value {
        if let Expr::Name(name) = expression {
            return self.name(name.id.as_str());
        }
        let Expr::Attribute(attribute) = expression else {
            return Value::Unknown;
        };
        let object = self.peek(&attribute.value);
        self.attribute(&object, attribute.attr.as_str())
    }

    fn name(&self, name: &str) -> Value {
        match self.scopes.get(name) {
            Some(value) => value.clone(),
            None => names::unbound(name),
        }
    }

    pub(super) fn attribute(&self, object: &Value, name: &str) -> Value {
        match object {
            Value::Import(module)
                if name == "builder" && names::of_pyspark(module) == Some("SparkSession") =>
            {
                Spark::Builder.into()
            }
            Value::Import(module) => names::imported(format!("{module}.{name}")),
            Value::Spark(spark) => spark::attribute(*spark, name),
            Value::Class(class) | Value::Instance(class) => {
                self.attribute_of_class(*class, name).unwrap_or_default()
            }
            Value::Options(parser) => self.option(*parser, name),
            Value::Unknown => spark::attribute_of_anything(name),
            Value::Text(_)
            | Value::Int(_)
            | Value::Bool(_)
            | Value::Nothing
            | Value::Items(_)
            | Value::Argv(_)
            | Value::Function(_)
            | Value::Parser(_) => Value::Unknown,
        }
    }

    /// An object that is not known may have any method of this name.
    pub(super) fn open_methods(&mut self, name: &str) {
        for id in self.methods.get(name).cloned().unwrap_or_default() {
            self.now.open(id, self.certainty_of_others());
        }
    }

    fn list(&mut self, items: &'a [Expr]) -> Value {
        let has_rest = items.iter().any(Expr::is_starred_expr);
        let values: Vec<Value> = items.iter().map(|item| self.eval(item)).collect();
        if has_rest {
            Value::Unknown
        } else {
            Value::items(values)
        }
    }

    fn subscript(&mut self, subscript: &'a ExprSubscript) -> Value {
        let value = self.eval(&subscript.value);
        let index = self.eval(&subscript.slice);
        match (value, index) {
            (Value::Argv(from), Value::Int(index)) => self.argument(subscript, from, index),
            (Value::Argv(from), _) => Self::slice(&subscript.slice, from),
            (Value::Items(items), Value::Int(index)) => {
                let item = usize::try_from(index).ok();
                let item = item.and_then(|index| items.get(index));
                item.cloned().unwrap_or_default()
            }
            _ => Value::Unknown,
        }
    }

    /// `sys.argv[1:]`
    fn slice(slice: &Expr, from: usize) -> Value {
        let Expr::Slice(slice) = slice else {
            return Value::Unknown;
        };
        let lower = slice.lower.as_deref().map(|lower| {
            let number = lower.as_number_literal_expr()?;
            number.value.as_int()?.as_usize()
        });
        match (lower.unwrap_or(Some(0)), &slice.upper, &slice.step) {
            (Some(more), None, None) => Value::Argv(from.saturating_add(more)),
            _ => Value::Unknown,
        }
    }

    pub(super) fn operation(&self, left: Value, operator: Operator, right: Value) -> Value {
        match (left, operator, right) {
            (Value::Text(left), Operator::Add, Value::Text(right)) => Value::Text(left.and(&right)),
            (Value::Text(left), Operator::Add, _) => Value::Text(left.and(&Text::unknown())),
            (Value::Text(left), Operator::Div, Value::Text(right)) => {
                Value::Text(left.join(&right))
            }
            (Value::Text(left), Operator::Div, _) => Value::Text(left.join(&Text::unknown())),
            (Value::Text(form), Operator::Mod, Value::Items(items)) => {
                super::strings::percent(&form, &items)
            }
            (Value::Text(form), Operator::Mod, item) => super::strings::percent(&form, &[item]),
            _ => Value::Unknown,
        }
    }

    fn f_string(&mut self, text: &'a ExprFString) -> Value {
        let mut whole = Text::default();
        for part in text.value.iter() {
            match part {
                FStringPart::Literal(literal) => whole = whole.and(&Text::known(&literal.value)),
                FStringPart::FString(parts) => {
                    for element in &parts.elements {
                        whole = match element {
                            InterpolatedStringElement::Literal(literal) => {
                                whole.and(&Text::known(&literal.value))
                            }
                            InterpolatedStringElement::Interpolation(inner) => {
                                let value = self.eval(&inner.expression);
                                let plain = inner.format_spec.is_none();
                                whole.and(&super::strings::shown(&value, plain))
                            }
                        };
                    }
                }
            }
        }
        Value::Text(whole)
    }

    /// `a or b`, `a and b`.
    fn either(&mut self, operation: &'a ExprBoolOp) -> Value {
        let stops_at = operation.op == BoolOp::Or;
        let was_sure = self.is_sure;
        let mut result = Value::Unknown;
        let mut is_known = true;
        for value in &operation.values {
            result = self.eval(value);
            match result.truth() {
                Some(truth) if truth == stops_at => break,
                Some(_) => {}
                None => {
                    is_known = false;
                    self.is_sure = false;
                }
            }
        }
        self.is_sure = was_sure;
        if is_known { result } else { Value::Unknown }
    }

    fn compare(&mut self, comparison: &'a ExprCompare) -> Value {
        let left = self.eval(&comparison.left);
        let mut right: Vec<Value> = comparison
            .comparators
            .iter()
            .map(|it| self.eval(it))
            .collect();
        let ([operator], Some(right)) = (&*comparison.ops, right.pop()) else {
            return Value::Unknown;
        };
        compared(&left, *operator, &right).map_or(Value::Unknown, Value::Bool)
    }

    /// `a if test else b`.
    fn choice(&mut self, choice: &'a ExprIf) -> Value {
        match self.eval(&choice.test).truth() {
            Some(true) => self.eval(&choice.body),
            Some(false) => self.eval(&choice.orelse),
            None => {
                let one = self.unsure(|walk| walk.eval(&choice.body));
                let other = self.unsure(|walk| walk.eval(&choice.orelse));
                one.or(other)
            }
        }
    }

    fn lambda(&mut self, lambda: &'a ExprLambda) {
        self.scopes.enter();
        // Nobody may call it.
        self.around.loops += 1;
        for parameter in lambda.parameters.iter().flat_map(|all| all.iter()) {
            self.scopes.set(parameter.name().as_str(), Value::Unknown);
        }
        self.eval(&lambda.body);
        self.around.loops -= 1;
        self.scopes.leave();
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], results: &[&'a Expr]) {
        self.scopes.enter();
        for generator in generators {
            self.eval(&generator.iter);
            self.assign(&generator.target, Value::Unknown);
            for test in &generator.ifs {
                self.eval(test);
            }
        }
        for result in results {
            self.eval(result);
        }
        self.scopes.leave();
    }
}

/// `not a`, `-a`.
fn unary(operator: UnaryOp, value: &Value) -> Value {
    let known = match operator {
        UnaryOp::Not => value.truth().map(|it| Value::Bool(!it)),
        UnaryOp::USub => {
            let Value::Int(number) = value else {
                return Value::Unknown;
            };
            number.checked_neg().map(Value::Int)
        }
        UnaryOp::Invert | UnaryOp::UAdd => None,
    };
    known.unwrap_or_default()
}

/// Whether a comparison holds, if that is known.
fn compared(left: &Value, operator: CmpOp, right: &Value) -> Option<bool> {
    let is_nothing = |value: &Value| {
        let is_known = *value != Value::Unknown;
        is_known.then_some(*value == Value::Nothing)
    };
    match (left, operator, right) {
        (_, CmpOp::Is | CmpOp::Eq, Value::Nothing) => is_nothing(left),
        (_, CmpOp::IsNot | CmpOp::NotEq, Value::Nothing) => is_nothing(left).map(|it| !it),
        (Value::Int(left), operator, Value::Int(right)) => match operator {
            CmpOp::Eq => Some(left == right),
            CmpOp::NotEq => Some(left != right),
            CmpOp::Lt => Some(left < right),
            CmpOp::LtE => Some(left <= right),
            CmpOp::Gt => Some(left > right),
            CmpOp::GtE => Some(left >= right),
            CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => None,
        },
        (Value::Text(left), CmpOp::Eq, Value::Text(right)) => Some(left.whole()? == right.whole()?),
        (Value::Text(left), CmpOp::NotEq, Value::Text(right)) => {
            Some(left.whole()? != right.whole()?)
        }
        (Value::Text(left), CmpOp::In | CmpOp::NotIn, Value::Items(items)) => {
            let wanted = left.whole()?;
            let texts = items.iter().map(|item| item.text()?.whole());
            let texts: Option<Vec<String>> = texts.collect();
            Some(texts?.contains(&wanted) == (operator == CmpOp::In))
        }
        _ => None,
    }
}
