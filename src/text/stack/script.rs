//! A script on this machine or in S3.

use crate::model::bootstrap::BootstrapScript;
use crate::text::field::Shape;
use crate::text::format;
use crate::text::named::What;
use crate::text::node::Node;
use crate::text::reader::{Reader, Site};
use crate::text::shape::Kind;
use crate::text::types::{LocalPath, Outside};

/// A path, relative to the stack's folder, or `s3://…`.
pub(super) struct Script;

const LOCAL: LocalPath = LocalPath(format::PATH, Some(What::Script));

impl Shape for Script {
    type Out = BootstrapScript;

    fn kind(&self) -> Kind {
        Kind::Text(format::PATH.described())
    }

    fn read(
        &self,
        reader: &mut Reader<'_>,
        node: &Node,
        site: Site<'_>,
    ) -> Option<BootstrapScript> {
        let is_address = |text: &str| {
            let scheme = text.split_once("://").map(|(scheme, _)| scheme);
            scheme.is_some_and(|scheme| scheme.bytes().all(|b| b.is_ascii_alphanumeric()))
        };
        if node.text().is_some_and(is_address) {
            let location = Outside(What::FileInS3, format::S3).read(reader, node, site)?;
            return Some(BootstrapScript::S3(location));
        }
        LOCAL.read(reader, node, site).map(BootstrapScript::Path)
    }
}
