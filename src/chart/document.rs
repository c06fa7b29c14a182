//! A page of charts in one file, which requests nothing.

use super::CSS;
use super::markup::escape;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The style of documents: the colours and the layout.
const STYLE: &str = include_str!("../../templates/chart/document.css");

/// How each document begins. A file that begins otherwise was not written by clusterup.
pub const START: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
                         <meta name=\"generator\" content=\"clusterup\">\n";

/// A document in one file.
pub struct Document {
    title: String,
    body: String,
}

impl Document {
    /// A document with its title and a line below it.
    pub fn new(title: &str, lead: &str) -> Self {
        let title = escape(title);
        let body = format!(
            "<header><h1>{title}</h1><p>{}</p></header>\n<main>\n",
            escape(lead)
        );
        Self { title, body }
    }

    /// Adds a section. `html` is made of escaped parts.
    pub fn section(&mut self, heading: &str, html: &str) {
        let heading = escape(heading);
        let _ = write!(
            self.body,
            "<section><h2>{heading}</h2>\n{html}\n</section>\n"
        );
    }

    /// The file's text. Its policy lets a browser use its own style and nothing else.
    pub fn html(&self) -> String {
        let style = format!("{STYLE}{CSS}");
        let digest = STANDARD.encode(Sha256::digest(&style));
        format!(
            "{START}<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; img-src data:; style-src 'sha256-{digest}'\">\n\
             <title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{style}</style></head>\n\
             <body>\n{}</main></body></html>\n",
            self.title, self.body
        )
    }
}
