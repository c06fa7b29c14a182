//! The static files: style, script and icon, compiled into the program.

use crate::chart::CSS;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

pub(super) async fn css() -> impl IntoResponse {
    let css = format!("{}{CSS}", include_str!("../../templates/dash/app.css"));
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], css)
}

pub(super) async fn js() -> impl IntoResponse {
    let js = include_str!("../../templates/dash/app.js");
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], js)
}

pub(super) async fn icon() -> impl IntoResponse {
    let icon = include_str!("../../templates/dash/icon.svg");
    ([(CONTENT_TYPE, "image/svg+xml")], icon)
}
