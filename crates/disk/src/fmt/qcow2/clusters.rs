//! Where clusters go in a qcow2 file, and the tables that say so.

use std::io;

use super::super::target::Out;
use super::{CLUSTER, Cluster};

/// Entries of an L2 table, which is one cluster.
const L2_ENTRIES: u64 = CLUSTER / 8;
/// Clusters that a refcount block counts.
const BLOCK_ENTRIES: u64 = CLUSTER / 2;
/// In L1 and L2: nothing else uses that cluster.
const COPIED: u64 = 1 << 63;
const COMPRESSED: u64 = 1 << 62;
const SECTORS_SHIFT: u32 = 54;
const SECTOR: u64 = 512;
/// How many clusters may wait for a whole place in the file.
const WAITING_MAX: usize = 16;

/// Where the tables at the end are.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) l1_entries: u32,
    pub(super) l1_table: u64,
    pub(super) refcount_table: u64,
    pub(super) refcount_table_clusters: u32,
}

/// A file that grows by clusters of the disk, in ascending order.
pub(super) struct Clusters<'t> {
    out: Out<'t>,
    /// How many things are in each cluster of the file.
    refcounts: Vec<u16>,
    l1: Vec<u64>,
    /// The L2 table under way.
    l2: Vec<u64>,
    /// Clusters as they are, until compressed ones have filled the place that they share: so that
    /// it is not left half empty each time.
    waiting: Vec<Cluster>,
}

impl<'t> Clusters<'t> {
    pub(super) fn new(mut out: Out<'t>) -> io::Result<Self> {
        out.skip_to(CLUSTER)?;
        Ok(Self {
            out,
            refcounts: vec![1],
            l1: Vec::new(),
            l2: Vec::new(),
            waiting: Vec::new(),
        })
    }

    pub(super) fn place(&mut self, cluster: Cluster) -> io::Result<()> {
        let table = index(cluster.index / L2_ENTRIES);
        if table >= self.l1.len() {
            self.end_table()?;
            self.l1.resize(table + 1, 0);
            self.l2 = vec![0; index(L2_ENTRIES)];
        }
        if !cluster.is_compressed {
            self.waiting.push(cluster);
            if self.waiting.len() == WAITING_MAX {
                self.place_waiting()?;
            }
            return Ok(());
        }
        let length = cluster.bytes.len() as u64;
        if self.out.at() % CLUSTER + length > CLUSTER {
            self.place_waiting()?;
        }
        let (first, last) = (self.out.at(), self.out.at() + length - 1);
        let further = last / SECTOR - first / SECTOR;
        self.put(&cluster.bytes)?;
        self.set(cluster.index, first | COMPRESSED | further << SECTORS_SHIFT);
        Ok(())
    }

    fn place_waiting(&mut self) -> io::Result<()> {
        for cluster in std::mem::take(&mut self.waiting) {
            let place = self.put_aligned(&cluster.bytes)?;
            self.set(cluster.index, place | COPIED);
        }
        Ok(())
    }

    fn set(&mut self, cluster: u64, entry: u64) {
        self.l2[index(cluster % L2_ENTRIES)] = entry;
    }

    fn end_table(&mut self) -> io::Result<()> {
        self.place_waiting()?;
        if !self.l2.is_empty() {
            let table = big_endian(&std::mem::take(&mut self.l2));
            let place = self.put_aligned(&table)?;
            let last = self.l1.last_mut().expect("a table has an entry");
            *last = place | COPIED;
        }
        Ok(())
    }

    /// Writes bytes and counts them in the clusters that they touch.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let first = index(self.out.at() / CLUSTER);
        self.out.append(bytes)?;
        let end = index(self.out.at().div_ceil(CLUSTER));
        self.refcounts.resize(end, 0);
        for count in &mut self.refcounts[first..] {
            *count += 1;
        }
        Ok(())
    }

    fn put_aligned(&mut self, bytes: &[u8]) -> io::Result<u64> {
        self.out.align(CLUSTER)?;
        let place = self.out.at();
        self.put(bytes)?;
        Ok(place)
    }

    /// Writes the tables of a disk of `size` bytes, then the header that is made of their places.
    pub(super) fn finish(
        mut self,
        size: u64,
        header: impl FnOnce(&Ends) -> Vec<u8>,
    ) -> io::Result<()> {
        self.end_table()?;
        let too_large = || io::Error::other("the disk is too large for qcow2");
        let entries = size.div_ceil(CLUSTER * L2_ENTRIES);
        self.l1.resize(index(entries), 0);
        let l1 = big_endian(&self.l1);
        let l1_table = self.put_aligned(&l1)?;
        self.out.align(CLUSTER)?;

        let blocks_at = self.out.at();
        let (blocks, tables) = counting(blocks_at / CLUSTER);
        let all = blocks_at / CLUSTER + blocks + tables;
        self.refcounts.resize(index(all), 1);
        for counts in self.refcounts.chunks(index(BLOCK_ENTRIES)) {
            let block: Vec<u8> = counts.iter().flat_map(|c| c.to_be_bytes()).collect();
            self.out.append(&block)?;
            self.out.align(CLUSTER)?;
        }
        let refcount_table = self.out.at();
        let places: Vec<u64> = (0..blocks).map(|n| blocks_at + n * CLUSTER).collect();
        self.out.append(&big_endian(&places))?;
        self.out.align(CLUSTER)?;
        let ends = Ends {
            l1_entries: u32::try_from(entries).map_err(|_| too_large())?,
            l1_table,
            refcount_table,
            refcount_table_clusters: u32::try_from(tables).map_err(|_| too_large())?,
        };
        self.out.patch(0, &header(&ends))
    }
}

/// How many refcount blocks, and clusters of the table of them, count so many clusters and
/// themselves.
fn counting(clusters: u64) -> (u64, u64) {
    let (mut blocks, mut tables) = (0, 0);
    loop {
        let wanted = (clusters + blocks + tables).div_ceil(BLOCK_ENTRIES);
        let wanted = (wanted, wanted.div_ceil(CLUSTER / 8));
        if wanted == (blocks, tables) {
            return wanted;
        }
        (blocks, tables) = wanted;
    }
}

fn big_endian(entries: &[u64]) -> Vec<u8> {
    entries
        .iter()
        .flat_map(|entry| entry.to_be_bytes())
        .collect()
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a table in memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refcounts_count_themselves() {
        assert_eq!(counting(1), (1, 1));
        assert_eq!(counting(BLOCK_ENTRIES - 2), (1, 1));
        assert_eq!(counting(BLOCK_ENTRIES - 1), (2, 1));
        let (blocks, tables) = counting(3 * BLOCK_ENTRIES * 8192);
        assert!((blocks + tables + 3 * BLOCK_ENTRIES * 8192).div_ceil(BLOCK_ENTRIES) == blocks);
    }
}
