//! The user's cached prices: one text file per region, in the format of the bundled one, which it
//! overrides. `prices refresh` writes them.

pub mod refresh;

use super::error::{CloudError, IoContext};
use super::files::write_whole;
use crate::cost::catalog::Catalog;
use crate::disk;
use crate::model::name::Region;
use std::fs;
use std::path::{Path, PathBuf};

/// The cache's folder, `$XDG_CACHE_HOME/clusterup/prices`.
#[derive(Debug, Clone)]
pub struct PriceCache {
    folder: PathBuf,
}

/// A cached file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoilt {
    /// The file.
    pub path: PathBuf,
    /// The region that it would be for.
    pub region: Region,
    /// Why it cannot be read or parsed.
    pub why: String,
}

impl PriceCache {
    /// The cache in this folder, which need not exist.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The file of a region.
    pub fn path(&self, region: &Region) -> PathBuf {
        self.folder.join(format!("{region}.txt"))
    }

    /// Reads all files: the catalogs with their regions, in their order, and the files that cannot be used. A
    /// missing folder counts as empty.
    pub fn read(&self) -> (Vec<(Region, Catalog)>, Vec<Spoilt>) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut regions: Vec<Region> = entries
            .filter_map(|entry| region_of(&entry.path()))
            .collect();
        regions.sort();
        let mut catalogs = Vec::new();
        let mut spoilt = Vec::new();
        for region in regions {
            let path = self.path(&region);
            let read = disk::text(&path, disk::RECORD).map_err(|error| error.to_string());
            let parse = |text: String| text.parse().map_err(|bad| format!("{bad}"));
            match read.and_then(parse) {
                Ok(catalog) => catalogs.push((region, catalog)),
                Err(why) => spoilt.push(Spoilt { path, region, why }),
            }
        }
        (catalogs, spoilt)
    }

    /// Replaces a region's file atomically and returns its path.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be written to; the earlier file is then unchanged.
    pub fn write(&self, region: &Region, text: &str) -> Result<PathBuf, CloudError> {
        let path = self.path(region);
        write_whole(&path, text.as_bytes())
            .during(|| format!("write the prices to {}", path.display()))?;
        Ok(path)
    }
}

/// Returns the region of a file; `None` for temporary files of an interrupted write.
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
    fn written_files_are_read_and_unusable_ones_are_reported() {
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
