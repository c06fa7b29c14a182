//! The user's own prices: a text a region in the cache, in the form of the bundled one, laid over
//! it. A refresh writes them.

pub mod refresh;

use super::error::{CloudError, IoContext};
use super::files::write_whole;
use crate::cost::catalog::Catalog;
use crate::disk;
use crate::model::name::Region;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the texts, `$XDG_CACHE_HOME/clusterup/prices`.
#[derive(Debug, Clone)]
pub struct PriceCache {
    folder: PathBuf,
}

/// A text that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoilt {
    pub path: PathBuf,
    pub region: Region,
    pub why: String,
}

impl PriceCache {
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub fn path(&self, region: &Region) -> PathBuf {
        self.folder.join(format!("{region}.txt"))
    }

    /// What is there, by region, and what of it is spoilt. No folder is as good as an empty one.
    pub fn read(&self) -> (Vec<Catalog>, Vec<Spoilt>) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut regions: Vec<Region> = entries
            .filter_map(|entry| region_of(&entry.path()))
            .collect();
        regions.sort();
        let (mut catalogs, mut spoilt) = (Vec::new(), Vec::new());
        for region in regions {
            let path = self.path(&region);
            let read = disk::text(&path, disk::RECORD).map_err(|error| error.to_string());
            let parse = |text: String| text.parse().map_err(|bad| format!("{bad}"));
            match read.and_then(parse) {
                Ok(catalog) => catalogs.push(catalog),
                Err(why) => spoilt.push(Spoilt { path, region, why }),
            }
        }
        (catalogs, spoilt)
    }

    /// Puts a region's text in place of the one before, whole or not at all; where it lies now.
    ///
    /// # Errors
    /// A folder that cannot be written to; the text before is untouched then.
    pub fn write(&self, region: &Region, text: &str) -> Result<PathBuf, CloudError> {
        let path = self.path(region);
        write_whole(&path, text.as_bytes())
            .during(|| format!("write the prices to {}", path.display()))?;
        Ok(path)
    }
}

/// The region of a text; none of what a write that was cut off has left.
fn region_of(path: &Path) -> Option<Region> {
    path.file_name()?
        .to_str()?
        .strip_suffix(".txt")?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "source api 2026-11-21 mine\nec2 m5.xlarge 0.2 api us-east-1\n";

    #[test]
    fn what_is_written_is_read_and_what_is_spoilt_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let cache = PriceCache::new(folder.path().join("prices"));
        assert_eq!(cache.read().1, []);
        let region = |name: &str| name.parse::<Region>().unwrap();
        cache.write(&region("us-east-1"), TEXT).unwrap();
        cache.write(&region("eu-west-1"), "ec2 m5 free\n").unwrap();
        fs::write(folder.path().join("prices/.us-east-1.txt.7"), "half").unwrap();
        let (catalogs, spoilt) = cache.read();
        assert_eq!((catalogs.len(), spoilt.len()), (1, 1));
        assert_eq!(spoilt[0].region, region("eu-west-1"));
        assert!(spoilt[0].why.contains("line 1"), "{}", spoilt[0].why);
    }
}
