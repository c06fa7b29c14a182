//! What this machine has: the local target, its runtime, and prices.

use super::Environment;
use crate::app::failure::{Exit, Failure};
use crate::cloud::local::runtime::Store;
use crate::cloud::local::{Local, Machine};
use crate::cloud::prices::{PriceCache, Spoilt};
use crate::cost::catalog::Catalog;
use crate::model::hint::Command;
use crate::run::clock::SystemClock;
use std::env;
use std::path::PathBuf;
use std::sync::Arc;

impl Environment {
    /// The store of the local target's runtime.
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        Ok(Store::new(self.cache_folder()?, self.path.clone()))
    }

    /// The cache of prices that the user downloaded.
    pub(crate) fn price_cache(&self) -> Result<PriceCache, Failure> {
        let folder = self.store()?.folder().join("prices");
        Ok(PriceCache::new(folder))
    }

    /// The bundled prices, overlaid with the user's downloaded ones. Warns once of files that
    /// cannot be read.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(self.catalog.get_or_init(|| Arc::new(self.read_catalog())))
    }

    fn read_catalog(&self) -> Catalog {
        let mut catalog = Catalog::bundled().clone();
        let Ok(cache) = self.price_cache() else {
            return catalog;
        };
        let (downloaded, spoilt) = cache.read();
        downloaded
            .into_iter()
            .for_each(|(_, downloaded)| catalog.overlay(downloaded));
        for Spoilt { path, region, why } in spoilt {
            let path = path.display();
            (self.terminal.warn)(&format!("warning: ignoring the prices in {path}: {why}"));
            let refresh = Command::clusterup("prices refresh --region").arg(region.to_string());
            (self.terminal.warn)(&format!("  next: {refresh}"));
        }
        catalog
    }

    /// The executable of clusterup, for processes that it starts.
    pub(crate) fn program() -> Result<PathBuf, Failure> {
        env::current_exe().map_err(|error| {
            Failure::new(Exit::Failed, "cannot find clusterup's own path").caused_by(&error)
        })
    }

    /// This machine as a cloud.
    pub(crate) fn local(&self) -> Result<Local, Failure> {
        let state = self.state_folder()?;
        let machine = Machine {
            program: Self::program()?,
            home: self.home.clone(),
            environment: self.inherited.clone(),
        };
        let root = state.join("local");
        Ok(Local::new(
            root,
            self.store()?,
            machine,
            self.catalog(),
            Arc::new(SystemClock),
        ))
    }
}
