//! Types of fields that name a file of a step: on this machine, or in S3.

use super::diag::{Code, Diagnostic};
use super::field::Shape;
use super::format::{self, Format};
use super::named::What;
use super::nearest::quote;
use super::node::Node;
use super::reader::{Reader, Site};
use super::shape::{Kind, Text};
use super::source::Mark;
use super::types::LocalPath;
use crate::model::Invalid;
use crate::model::work::{LinkedFile, ON_NODE, StepFile};

/// A path on this machine, relative to the folder of the file, an object in S3, or a file that the
/// cluster has.
pub(crate) struct PathOrS3(pub(crate) What);

/// The same for a file that Spark copies to its containers: not one of each node.
pub(crate) struct CopiedPath(pub(crate) What);

/// A file that Spark copies to its containers, perhaps with `#` and a name.
pub(crate) struct LinkedPath(pub(crate) What);

const FILE: Format<String> = format::PATH;
const EXPECTED: &str = "a path, or an object in S3 such as `s3://bucket/job.py`";
/// Files that the cluster has: `local:///usr/lib/spark/examples/jars/spark-examples.jar`.
const OF_CLUSTER: [&str; 2] = ["local:", "hdfs:"];
const CLUSTER_FILE: Format<String> =
    Format::by(cluster_file, r"(local|hdfs)://(/[A-Za-z0-9._=+-]+)+");
const LINKED: &str = "a path, or an object in S3, and perhaps `#NAME`";

impl PathOrS3 {
    fn place(
        &self,
        text: &str,
        reader: &mut Reader<'_>,
        at: Mark,
        site: Site<'_>,
    ) -> Option<StepFile> {
        if !text.contains("://") {
            let node = Node::plain(at, text);
            let path = LocalPath(FILE, Some(self.0)).read(reader, &node, site)?;
            return Some(StepFile::Local(path));
        }
        let of_cluster = OF_CLUSTER.iter().any(|scheme| text.starts_with(scheme));
        let form = if of_cluster { CLUSTER_FILE } else { format::S3 };
        let address = form.value(text, at, site.name, &mut reader.found)?;
        if address.contains(',') {
            let message = format!("{} cannot be {}", site.name, quote(text));
            let found = Diagnostic::new(Code::BadValue, at, message);
            reader.found.push(
                found.expected("an address without `,`, which separates files in Spark's lists"),
            );
            return None;
        }
        if !of_cluster {
            reader.name(What::FileInS3, &address, at, None);
        }
        Some(StepFile::Remote(address))
    }
}

impl Shape for PathOrS3 {
    type Out = StepFile;

    fn kind(&self) -> Kind {
        path(EXPECTED)
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<StepFile> {
        let text = reader.scalar(node, site)?.text.clone();
        self.place(&text, reader, node.mark, site)
    }
}

impl CopiedPath {
    fn place(
        &self,
        text: &str,
        reader: &mut Reader<'_>,
        at: Mark,
        site: Site<'_>,
    ) -> Option<StepFile> {
        // Spark's client for YARN takes `local:` for jars and Python files only (Client.scala).
        if text.starts_with("local:") {
            let message = format!("{} cannot be {}", site.name, quote(text));
            let found = Diagnostic::new(Code::BadValue, at, message);
            let found = found.expected("a file that Spark copies to the containers of the step");
            let help = "name an object in S3, or a file beside the stack";
            reader.found.push(found.help(help));
            return None;
        }
        PathOrS3(self.0).place(text, reader, at, site)
    }
}

impl Shape for CopiedPath {
    type Out = StepFile;

    fn kind(&self) -> Kind {
        path(EXPECTED)
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<StepFile> {
        let text = reader.scalar(node, site)?.text.clone();
        self.place(&text, reader, node.mark, site)
    }
}

impl Shape for LinkedPath {
    type Out = LinkedFile<StepFile>;

    fn kind(&self) -> Kind {
        path(LINKED)
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out> {
        let text = reader.scalar(node, site)?.text.clone();
        let (place, link) = match text.rsplit_once('#') {
            Some((place, link)) => (place, Some(link)),
            None => (text.as_str(), None),
        };
        let wrong = link.filter(|link| !is_name(link));
        if wrong.is_some() {
            let message = format!("{} cannot be {}", site.name, quote(&text));
            let found = Diagnostic::new(Code::BadValue, node.mark, message);
            reader
                .found
                .push(found.expected("a name of letters, digits, `.`, `_` and `-` after the `#`"));
        }
        let file = CopiedPath(self.0).place(place, reader, node.mark, site)?;
        wrong.is_none().then(|| LinkedFile {
            file,
            link: link.map(str::to_owned),
        })
    }
}

fn path(what: &str) -> Kind {
    Kind::Text(Text {
        pattern: FILE.pattern,
        what: what.to_owned(),
        is_path: true,
    })
}

fn cluster_file(text: &str) -> Result<String, Invalid> {
    let path = text
        .strip_prefix(ON_NODE)
        .or_else(|| text.strip_prefix("hdfs://"));
    let byte = |b: u8| b.is_ascii_alphanumeric() || b"._=+-".contains(&b);
    let part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(byte);
    let mut parts = path.unwrap_or_default().split('/');
    let good = parts.next() == Some("") && text.len() <= 1_024;
    let mut parts = parts.peekable();
    let good = good && parts.peek().is_some() && parts.all(part);
    good.then(|| text.to_owned()).ok_or_else(|| {
        Invalid::new(
            "a file of the cluster, such as `hdfs:///jobs/job.py`, or `local:///home/hadoop/job.py` \
             on each node",
        )
    })
}

/// The name of a link in an executor's folder.
fn is_name(text: &str) -> bool {
    let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    !matches!(text, "" | "." | "..") && text.len() <= 255 && text.bytes().all(byte)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    fn read(step: &str, more: &str) -> Result<(), String> {
        let text = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 2 x m5.xlarge }}\n\
             job: {{ steps: [{{ name: one, script: a.py, \
             spark: {{ deploy_mode: cluster, {step} }} }}]{more} }}\n"
        );
        let read = crate::text::parse("t.yaml", &text, Path::new(""), &[]);
        read.map(|_| ()).map_err(|found| found.to_string())
    }

    #[test]
    fn a_file_that_spark_copies_is_not_one_of_each_node() {
        for (step, more) in [
            ("files: ['FILE']", ""),
            ("archives: ['FILE']", ""),
            ("", ", python: { archive: 'FILE' }"),
        ] {
            let field = |file| read(&step.replace("FILE", file), &more.replace("FILE", file));
            for bad in [
                "local:///opt/a.tar.gz",
                "local:/opt/a.tar.gz",
                "local://opt/a.tar.gz",
            ] {
                let found = field(bad).unwrap_err();
                assert!(found.contains(&format!("cannot be `{bad}`")), "{found}");
                assert!(found.contains("name an object in S3"), "{found}");
            }
            for good in ["hdfs:///envs/a.tar.gz", "s3://bucket/a.tar.gz", "a.tar.gz"] {
                assert_eq!(field(good), Ok(()), "{good}");
            }
        }
        // Spark puts these on the paths of Java and Python as they are.
        for key in ["jars", "py_files"] {
            assert_eq!(
                read(&format!("{key}: ['local:///opt/a']"), ""),
                Ok(()),
                "{key}"
            );
        }
    }
}
