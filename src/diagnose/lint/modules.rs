//! Checks that something brings the modules that a script imports.

use super::script::Script;
use super::statements::names_one_of;
use crate::model::application::Application;
use crate::model::lint::{LintCode, LintFinding};
use crate::model::work::{StepFile, Work};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ExceptHandler, Expr, ModModule, PythonVersion, Stmt, WithItem};
use ruff_text_size::{Ranged, TextRange};
use std::collections::{BTreeMap, BTreeSet};

/// `MODULE [since VERSION | until VERSION]` per line.
const STANDARD: &str = include_str!("stdlib.txt");
/// `PACKAGE: MODULES [+ MODULES]` per line.
const PACKAGES: &str = include_str!("packages.txt");
/// A module per line.
const BROUGHT: &str = include_str!("brought.txt");

/// Finds the modules that nothing brings.
pub(super) fn missing(script: &Script<'_>, tree: &ModModule) -> Vec<LintFinding> {
    let missing = unavailable(script, tree, &lines(BROUGHT).collect()).into_iter();
    missing
        .map(|(name, at)| finding(script, name, at))
        .collect()
}

/// The modules of Spark itself, whose packages would bring another version of it.
const SPARK: [&str; 2] = ["py4j", "pyspark"];

/// The packages of the modules that a script imports. Those that an image of EMR may have besides
/// Python's and Spark's are among them: other releases and this machine may not have them.
pub(super) fn packages(script: &Script<'_>, tree: &ModModule) -> BTreeSet<String> {
    let known: BTreeSet<&str> = lines(PACKAGES)
        .filter_map(entry)
        .flat_map(|(_, own, _)| own)
        .collect();
    let is_certain = |name: &&str| SPARK.contains(name) || !known.contains(name);
    let brought = lines(BROUGHT).filter(is_certain).collect();
    let names = unavailable(script, tree, &brought).into_iter();
    names.map(|(name, _)| package_of(name).to_owned()).collect()
}

/// The modules that nothing brings, each with the place of its import. `brought`: the modules that an
/// image of EMR has.
fn unavailable<'a>(
    script: &Script<'_>,
    tree: &'a ModModule,
    brought: &BTreeSet<&str>,
) -> Vec<(&'a str, TextRange)> {
    let mut named = Named::default();
    named.visit_body(&tree.body);
    let mut imports = Imports {
        named: named.0,
        ..Imports::default()
    };
    imports.visit_body(&tree.body);
    if imports.adds_files || may_have_any(script) {
        return Vec::new();
    }
    let Some(installed) = installed(script) else {
        return Vec::new();
    };
    let standard = standard(script.python());
    let beside = |name: &str| script.modules.beside.contains(name) || is_sent(script, name);
    let is_there = |name: &str| {
        standard.contains(name)
            || brought.contains(name)
            || installed.contains(name)
            || beside(name)
    };
    let wanted = imports.found.into_iter();
    wanted
        .filter(|(name, _)| !name.starts_with('_') && !is_there(name))
        .collect()
}

/// The package that has a module: one of the same name if it is not known.
fn package_of(module: &str) -> &str {
    let known = lines(PACKAGES).filter_map(entry);
    let mut known = known.filter(|(_, own, _)| own.contains(&module));
    known.next().map_or(module, |(package, ..)| package)
}

fn finding(script: &Script<'_>, name: &str, at: TextRange) -> LintFinding {
    let package = package_of(name);
    let release = &script.stack.cluster.release;
    LintFinding {
        code: LintCode::NoModule,
        at: at.to_std_range(),
        message: format!(
            "nothing brings the module {name}: neither {release}, nor `python_packages`, nor a \
             file beside the script"
        ),
        help: Some(format!("add it to the job: `python_packages: [{package}]`")),
    }
}

/// Settings that may bring modules, if the cluster's configurations have them.
const BRINGS: [&str; 6] = [
    "spark.archives",
    "spark.jars",
    "spark.jars.packages",
    "spark.submit.pyFiles",
    "spark.yarn.dist.archives",
    "spark.yarn.dist.files",
];

/// Whether more modules than those that are known may be there.
fn may_have_any(script: &Script<'_>) -> bool {
    let stack = script.stack;
    let job = stack.job.as_ref();
    let submission = &script.step.spark.submission;
    let steps = job.iter().flat_map(|job| &job.steps);
    let installs = |work: &Work<_, _>| matches!(work, Work::Command(_) | Work::Shell(_));
    let is_zip = |file: &StepFile| !file.to_string().ends_with(".py");
    let python_path = |name: &String| name.contains("PYTHONPATH") || name.contains("DOCKER");
    let conf = &script.step.spark.conf;
    let software = &stack.cluster.emr.software;
    let learns = |one: &Application| matches!(one.as_str(), "TensorFlow" | "MXNet");
    let brings = |name: &String| python_path(name) || BRINGS.contains(&name.as_str());
    job.is_some_and(|job| job.archive().is_some())
        || !stack.cluster.bootstrap.is_empty()
        || stack.cluster.emr.image.is_some()
        || steps.map(|step| &step.work).any(installs)
        || submission.py_files.iter().any(is_zip)
        || !submission.archives.is_empty()
        || submission.env.keys().any(python_path)
        || conf
            .keys()
            .any(|key| python_path(key) || key == "spark.submit.pyFiles")
        || software
            .configurations
            .iter()
            .any(|(place, _)| brings(&place.name))
        || software.applications.iter().any(learns)
}

/// Whether a file that the step sends, or a jar with Python files, may be the module.
fn is_sent(script: &Script<'_>, name: &str) -> bool {
    let submission = &script.step.spark.submission;
    let module = format!("{name}.py");
    let is_it = |file: &StepFile| file.to_string().rsplit('/').next() == Some(&module);
    let jars = submission.jars.iter().map(ToString::to_string);
    let packages = submission.packages.iter().cloned();
    let configured = script.step.spark.conf.values().cloned();
    let defaults = &script.stack.cluster.emr.software;
    let tables = defaults
        .tables
        .iter()
        .map(|table| table.as_str().to_owned());
    let mut texts = jars.chain(packages).chain(configured).chain(tables);
    submission.py_files.iter().any(is_it) || texts.any(|text| text.contains(name))
}

/// The modules of the packages that pip installs; `None` if one of them may bring any.
fn installed<'a>(script: &Script<'a>) -> Option<BTreeSet<&'a str>> {
    let packages: BTreeMap<&str, _> = lines(PACKAGES)
        .filter_map(entry)
        .map(|(package, own, required)| (package, (own, required)))
        .collect();
    let mut modules = BTreeSet::new();
    for requirement in script.modules.packages.as_ref()? {
        let end = requirement.find(|c: char| "[=<>~! ;".contains(c));
        let name = &requirement[..end.unwrap_or(requirement.len())];
        let name = name.to_lowercase().replace(['_', '.'], "-");
        let (own, required) = packages.get(name.as_str())?;
        modules.extend(own.iter().chain(required));
    }
    Some(modules)
}

/// A package, its modules, and those of the packages that it requires.
fn entry(line: &'static str) -> Option<(&'static str, Vec<&'static str>, Vec<&'static str>)> {
    let (package, modules) = line.split_once(": ")?;
    let (own, required) = modules.split_once(" + ").unwrap_or((modules, ""));
    let words = |text: &'static str| text.split_whitespace().collect();
    Some((package, words(own), words(required)))
}

/// The standard library of a version, or of all if it is not known.
fn standard(version: Option<PythonVersion>) -> BTreeSet<&'static str> {
    let is_in = |words: &[&str]| {
        let [limit, number] = words else {
            return true;
        };
        let number = number.split_once('.').and_then(|(major, minor)| {
            Some((major.parse::<u8>().ok()?, minor.parse::<u8>().ok()?))
        });
        let (Some(number), Some(version)) = (number, version) else {
            return true;
        };
        let version = (version.major, version.minor);
        if *limit == "since" {
            version >= number
        } else {
            version <= number
        }
    };
    let modules = lines(STANDARD).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, limits) = words.split_first()?;
        is_in(limits).then_some(*name)
    });
    modules.collect()
}

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    let all = file.lines().map(str::trim);
    all.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The imports of a script that it cannot do without.
#[derive(Default)]
struct Imports<'a> {
    /// The first part of each module's name.
    found: Vec<(&'a str, TextRange)>,
    /// Whether the script adds files to the path of Python.
    adds_files: bool,
    /// The names that the script uses.
    named: BTreeSet<&'a str>,
}

/// `suppress(ImportError)`, of which the block may fail.
fn suppresses(item: &WithItem) -> bool {
    let call = item.context_expr.as_call_expr();
    call.is_some_and(|call| names_one_of(&call.func, &["suppress"]))
}

/// The names that a script uses.
#[derive(Default)]
struct Named<'a>(BTreeSet<&'a str>);

impl<'a> Visitor<'a> for Named<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression {
            self.0.insert(name.id.as_str());
        } else if let Expr::Attribute(attribute) = expression {
            self.0.insert(attribute.attr.as_str());
        }
        visitor::walk_expr(self, expression);
    }
}

impl<'a> Imports<'a> {
    fn add(&mut self, module: &'a str, at: TextRange) {
        let first = module.split('.').next().unwrap_or_default();
        if !first.is_empty() {
            self.found.push((first, at));
        }
    }
}

impl<'a> Visitor<'a> for Imports<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Import(import) = statement {
            for alias in &import.names {
                self.add(alias.name.as_str(), alias.range());
            }
        } else if let Stmt::ImportFrom(import) = statement {
            if let (Some(module), 0) = (&import.module, import.level) {
                self.add(module.as_str(), module.range());
            }
        } else if let Stmt::Try(attempt) = statement {
            let handlers = attempt.handlers.iter();
            let catches = |ExceptHandler::ExceptHandler(handler): &ExceptHandler| {
                let classes = [
                    "ImportError",
                    "ModuleNotFoundError",
                    "Exception",
                    "BaseException",
                ];
                let of = handler.type_.as_deref();
                of.is_none_or(|of| names_one_of(of, &classes))
            };
            // With such a handler, the script goes on without the modules.
            if !handlers.clone().any(catches) {
                visitor::walk_stmt(self, statement);
            }
        } else if let Stmt::FunctionDef(def) = statement {
            // A function that nothing names does not run.
            if self.named.contains(def.name.as_str()) {
                visitor::walk_stmt(self, statement);
            }
        } else if let Stmt::With(with) = statement
            && with.items.iter().any(suppresses)
        {
        } else if let Stmt::If(test) = statement {
            // What a test decides is not known, but for the main program.
            let is_main = test.test.as_compare_expr().is_some_and(|comparison| {
                let left = comparison.left.as_name_expr();
                left.is_some_and(|name| name.id.as_str() == "__name__")
            });
            if is_main {
                self.visit_body(&test.body);
            }
        } else {
            visitor::walk_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Attribute(attribute) = expression {
            let name = attribute.attr.as_str();
            let is_path = || {
                attribute
                    .value
                    .as_name_expr()
                    .is_some_and(|name| name.id.as_str() == "sys")
            };
            self.adds_files |= name == "addPyFile" || name == "path" && is_path();
        }
        visitor::walk_expr(self, expression);
    }
}
