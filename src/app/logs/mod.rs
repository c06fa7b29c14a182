//! Shows the logs of a stack, of any cluster, of a folder or of one file as one stream in the order of
//! time, once or as they grow.

mod absent;
mod containers;
mod follow;
mod followed;
mod known;
mod limit;
mod live;
mod readers;
mod request;
mod show;
mod source;
mod stream;

pub(crate) use follow::follow;
pub(crate) use live::Ssh;
pub(crate) use request::{Report, Request, Shown, Sink};
pub(crate) use show::show;
