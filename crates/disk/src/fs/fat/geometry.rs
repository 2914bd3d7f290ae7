//! Which FAT a file system is, and where its parts are.

use super::FatError;

pub(super) const SECTOR: u64 = 512;
pub(super) const FAT16_ROOT_ENTRIES: u64 = 512;
/// Cluster counts decide what a FAT is; these are the limits between the kinds.
const FAT12_CLUSTERS_MAX: u64 = 4084;
const FAT16_CLUSTERS_MAX: u64 = 65_524;

/// Where things are: all in sectors.
pub(super) struct Geometry {
    pub(super) is_fat32: bool,
    pub(super) sectors: u64,
    pub(super) per_cluster: u64,
    pub(super) reserved: u64,
    pub(super) fat: u64,
    root: u64,
    pub(super) clusters: u64,
}

impl Geometry {
    pub(super) fn of(size: u64) -> Result<Self, FatError> {
        let sectors = size / SECTOR;
        if !size.is_multiple_of(SECTOR) || sectors > u64::from(u32::MAX) {
            return Err(FatError::Size(size));
        }
        let large = if sectors > 532_480 { 8 } else { 1 }; // 4 KiB clusters above 260 MiB
        let fat32 = [large, 16, 32, 64].map(|per_cluster| (true, per_cluster));
        let fat16 = [1, 2, 4, 8, 16, 32, 64].map(|per_cluster| (false, per_cluster));
        fat32
            .into_iter()
            .chain(fat16)
            .find_map(|(is_fat32, per_cluster)| Self::try_with(sectors, is_fat32, per_cluster))
            .ok_or(FatError::Size(size))
    }

    fn try_with(sectors: u64, is_fat32: bool, per_cluster: u64) -> Option<Self> {
        let (reserved, root, width) = if is_fat32 {
            (32, 0, 4)
        } else {
            (1, FAT16_ROOT_ENTRIES * 32 / SECTOR, 2)
        };
        let mut fat = 1;
        loop {
            let clusters = sectors.checked_sub(reserved + root + 2 * fat)? / per_cluster;
            let needed = ((clusters + 2) * width).div_ceil(SECTOR);
            if needed <= fat {
                let fits = if is_fat32 {
                    clusters > FAT16_CLUSTERS_MAX && clusters < 0x0FFF_FFF0
                } else {
                    clusters > FAT12_CLUSTERS_MAX && clusters <= FAT16_CLUSTERS_MAX
                };
                return fits.then_some(Self {
                    is_fat32,
                    sectors,
                    per_cluster,
                    reserved,
                    fat,
                    root,
                    clusters,
                });
            }
            fat = needed;
        }
    }

    pub(super) fn cluster_bytes(&self) -> u64 {
        self.per_cluster * SECTOR
    }

    pub(super) fn root_offset(&self) -> u64 {
        (self.reserved + 2 * self.fat) * SECTOR
    }

    pub(super) fn cluster_offset(&self, cluster: u64) -> u64 {
        self.root_offset() + self.root * SECTOR + (cluster - 2) * self.cluster_bytes()
    }
}
