//! qcow2 of version 3 with compressed clusters: what QEMU and its kin take, OpenStack among them.
//!
//! ```text
//! cluster (64 KiB)   content
//! 0                  header, extension "feature name table", end mark
//! 1 ...              clusters of the disk, and after those of each 512 MiB their L2 table:
//!                      compressed ones one after the other, byte by byte, across clusters;
//!                      those that gain nothing as they are, in clusters of their own
//! ...                L1 table: where the L2 tables are
//!                    refcount blocks: 16 bits for each cluster of this file
//!                    refcount table: where the blocks are
//!
//! L2 entry   bit 63 set       a cluster as it is; bits 9-55 its place
//!            bit 62 set       compressed; bits 0-53 its place, bits 54-61 how many sectors of
//!                             512 bytes after the first it touches
//!            0                zeros
//! ```
//!
//! Numbers are big-endian. The header is written last, when the places are known. zstd makes whole
//! frames; deflate must keep to a window of 4 KiB, which is what QEMU inflates with.
//! Source: `docs/interop/qcow2.rst` of QEMU; the window from `block/qcow2-threads.c`.

mod clusters;

use flate2::{Compress, Compression, FlushCompress, Status};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use crate::sparse::CHUNK;

use super::target::Out;
use super::unit::{GRAIN, Unit, convert, units};
use super::{Disk, FmtError, Format, Target};

use clusters::{Clusters, Ends};

/// QEMU's default, which everything reads; 128 KiB would save 2 %.
const CLUSTER_BITS: u32 = 16;
const CLUSTER: u64 = 1 << CLUSTER_BITS;
const _: () = assert!(CLUSTER == GRAIN as u64);

const HEADER_LENGTH: u32 = 112;
/// An incompatible feature: the header names a way of compression.
const FEATURE_COMPRESSION: u64 = 1 << 3;

const UNSTREAMED: &str =
    "its header says where the tables are, which is known when everything is compressed";

pub(super) static ZSTD: Format = Format {
    name: "qcow2",
    endings: &[".qcow2"],
    summary: "QEMU 5.1 and newer, KVM, OpenStack, Proxmox; clusters compressed by Zstandard",
    unstreamed: Some(UNSTREAMED),
    write: |disk, target| write(disk, target, Method::Zstd),
};

pub(super) static ZLIB: Format = Format {
    name: "qcow2-zlib",
    endings: &[".zlib.qcow2"],
    summary: "the same for QEMU before 5.1; clusters compressed by deflate",
    unstreamed: Some(UNSTREAMED),
    write: |disk, target| write(disk, target, Method::Zlib),
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    /// Number 0 in the header.
    Zlib,
    /// Number 1.
    Zstd,
}

/// A cluster, ready to be placed.
struct Cluster {
    /// Which one of the disk.
    index: u64,
    bytes: Vec<u8>,
    is_compressed: bool,
}

fn write(disk: &Disk<'_>, target: &mut dyn Target, method: Method) -> Result<[u8; 32], FmtError> {
    let mut clusters = Clusters::new(Out::new(target))?;
    let work = || {
        let mut squeezer = Squeezer::new(method);
        move |unit: &mut Unit| -> Vec<Cluster> {
            let cluster = |(index, bytes): (u64, &[u8])| {
                let squeezed = squeezer.squeeze(bytes);
                Cluster {
                    index,
                    is_compressed: squeezed.is_some(),
                    bytes: squeezed.unwrap_or(bytes).to_vec(),
                }
            };
            unit.grains().map(cluster).collect()
        }
    };
    let found = convert(disk, &units(disk, CHUNK), CHUNK, work, |unit| {
        unit.into_iter()
            .try_for_each(|cluster| clusters.place(cluster))
    })?;
    let size = disk.size.next_multiple_of(512);
    clusters.finish(size, |ends| header(size, method, ends))?;
    Ok(found)
}

/// Compresses clusters.
struct Squeezer {
    codec: Codec,
    /// For what is smaller than a cluster.
    room: Vec<u8>,
}

enum Codec {
    Zstd(Compressor<'static>),
    Zlib(Compress),
}

impl Squeezer {
    fn new(method: Method) -> Self {
        let codec = match method {
            Method::Zstd => {
                // Level 3 with shorter matches: 1 % smaller in the same time.
                let mut zstd = Compressor::new(3).expect("a level that there is");
                zstd.set_parameter(CParameter::MinMatch(4))
                    .expect("a length that there is");
                Codec::Zstd(zstd)
            }
            // The level at which so small a window takes no more room than QEMU's files.
            Method::Zlib => Codec::Zlib(Compress::new_with_window_bits(
                Compression::new(9),
                false,
                12,
            )),
        };
        let room = vec![0; GRAIN - 1];
        Self { codec, room }
    }

    /// `None` when the cluster does not become smaller.
    fn squeeze(&mut self, cluster: &[u8]) -> Option<&[u8]> {
        let length = match &mut self.codec {
            Codec::Zstd(zstd) => zstd.compress_to_buffer(cluster, &mut self.room[..]).ok()?,
            Codec::Zlib(deflate) => {
                deflate.reset();
                let done = deflate.compress(cluster, &mut self.room, FlushCompress::Finish);
                let is_whole = matches!(done, Ok(Status::StreamEnd));
                usize::try_from(deflate.total_out())
                    .ok()
                    .filter(|_| is_whole)?
            }
        };
        Some(&self.room[..length])
    }
}

fn header(size: u64, method: Method, ends: &Ends) -> Vec<u8> {
    let is_zstd = method == Method::Zstd;
    let mut header = Vec::new();
    header.extend(b"QFI\xfb");
    header.extend(3u32.to_be_bytes());
    header.extend([0; 12]); // nothing behind it
    header.extend(CLUSTER_BITS.to_be_bytes());
    header.extend(size.to_be_bytes());
    header.extend(0u32.to_be_bytes()); // not encrypted
    header.extend(ends.l1_entries.to_be_bytes());
    header.extend(ends.l1_table.to_be_bytes());
    header.extend(ends.refcount_table.to_be_bytes());
    header.extend(ends.refcount_table_clusters.to_be_bytes());
    header.extend([0; 12]); // no snapshots
    header.extend(if is_zstd { FEATURE_COMPRESSION } else { 0 }.to_be_bytes());
    header.extend([0; 16]); // no other features
    header.extend(4u32.to_be_bytes()); // 2^4 bits a refcount
    header.extend(HEADER_LENGTH.to_be_bytes());
    header.push(u8::from(is_zstd));
    header.extend([0; 7]);
    if is_zstd {
        // What an older QEMU says that it lacks: type 0 (incompatible), bit 3, its name.
        header.extend(0x6803_f857_u32.to_be_bytes());
        header.extend(48u32.to_be_bytes());
        header.extend([0, 3]);
        header.extend(format!("{:\0<46}", "compression type").bytes());
    }
    header.extend([0; 8]); // end of extensions
    header
}
