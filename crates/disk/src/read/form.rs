//! The form that a disk is stored in, told by its content.

use std::io;
use std::sync::Arc;

use super::qcow2::{self, Qcow2, Qcow2Error};
use super::vhd::{self, Vhd};
use super::vhdx::{self, Vhdx};
use super::vmdk::{self, Vmdk};
use super::{Disk, signature};

/// A file that cannot be read as the disk it says it holds.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Reading the file.
    #[error("cannot read the file")]
    Io(#[from] io::Error),
    /// It contradicts itself.
    #[error("the {0} file is broken: {1}")]
    Broken(&'static str, &'static str),
    /// It has what is not read here.
    #[error("the {0} file {1}, which is not read here")]
    Unsupported(&'static str, String),
    /// Of a qcow2 file.
    #[error(transparent)]
    Qcow2(#[from] Qcow2Error),
}

/// A disk, and what it is stored as: `raw`, `qcow2`, `vmdk`, `vhd`, `vhdx`.
pub type Opened = (Arc<dyn Disk>, &'static str);

/// Opens the disk in a file. What has no known form is taken for a raw disk.
pub fn open(file: Arc<dyn Disk>) -> Result<Opened, FormError> {
    let mut start = [0; 512];
    let there = usize::try_from(file.size()).map_or(512, |size| size.min(512));
    file.read_at(0, &mut start[..there])?;
    if qcow2::is_qcow2(&start) {
        return Ok((Arc::new(Qcow2::open(file)?), "qcow2"));
    }
    if vmdk::is_vmdk(&start) {
        return Ok((Arc::new(Vmdk::open(file)?), "vmdk"));
    }
    if vhdx::is_vhdx(&start) {
        return Ok((Arc::new(Vhdx::open(file)?), "vhdx"));
    }
    if vhd::is_vhd(&file)? {
        return Ok((Arc::new(Vhd::open(file)?), "vhd"));
    }
    if start.starts_with(b"# Disk Descriptor") {
        let why = "only describes a disk that stands in other files";
        return Err(FormError::Unsupported("VMDK", why.to_owned()));
    }
    // What cannot be a disk is named rather than searched for partitions.
    if let Some(name) = signature::of_file(&file)?.name() {
        return Err(FormError::Unsupported("disk", format!("is {name}")));
    }
    Ok((file, "raw"))
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZero;
    use std::ops::Range;
    use std::sync::Mutex;

    use super::*;
    use crate::fmt::{self, Format, Machine, Source, Target};

    struct Bytes(Vec<u8>);

    impl Source for Bytes {
        fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            self.0.read_at(offset, buffer)
        }
    }

    impl Target for Bytes {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.0.extend(bytes);
            Ok(())
        }

        fn skip(&mut self, length: u64) -> io::Result<()> {
            let length = usize::try_from(length).unwrap();
            self.0.resize(self.0.len() + length, 0);
            Ok(())
        }

        fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
            let at = usize::try_from(offset).unwrap();
            self.0[at..at + bytes.len()].copy_from_slice(bytes);
            Ok(())
        }
    }

    /// A disk of 3 MiB: zeros, text, zeros, something at the end.
    pub(in crate::read) fn sample() -> Vec<u8> {
        let mut disk = vec![0; 3 << 20];
        for (at, byte) in disk[70_000..400_000].iter_mut().enumerate() {
            *byte = (at / 7).to_le_bytes()[0];
        }
        disk[(3 << 20) - 3..].copy_from_slice(b"end");
        disk
    }

    /// The sample as we hand it over.
    pub(in crate::read) fn stored(form: &str) -> Vec<u8> {
        static KEPT: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
        let mut kept = KEPT.lock().unwrap();
        let file = kept.entry(form.to_owned()).or_insert_with(|| write(form));
        file.clone()
    }

    fn write(form: &str) -> Vec<u8> {
        let sample = Bytes(sample());
        let size = sample.0.len() as u64;
        let whole = 0..size;
        let disk = fmt::Disk {
            source: &sample,
            size,
            data: std::slice::from_ref(&whole),
            digest: [7; 32],
            machine: Machine {
                name: "web",
                is_uefi: true,
            },
            threads: NonZero::new(1).unwrap(),
            progress: &|_| Ok(()),
        };
        let mut target = Bytes(Vec::new());
        let format = Format::named(form).unwrap();
        format.write(&disk, &mut target).unwrap();
        target.0
    }

    /// Changes bytes in some places of a file, may cut it, and reads what is then there: an answer
    /// is all that is asked for.
    pub(in crate::read) fn flip<D: Disk>(
        mut file: Vec<u8>,
        changes: &[(u32, u8)],
        cut: u32,
        places: &[Range<usize>],
        open: impl Fn(Vec<u8>) -> Option<D>,
    ) {
        for (n, (at, byte)) in changes.iter().enumerate() {
            let place = &places[n % places.len()];
            let at = place.start + *at as usize % place.len();
            if let Some(old) = file.get_mut(at) {
                *old = *byte;
            }
        }
        if cut > 4 {
            file.truncate(file.len() / cut as usize);
        }
        let Some(disk) = open(file) else { return };
        let mut bytes = vec![0; 4096];
        let end = disk.size();
        for at in [0, 66_000, end / 2, end.saturating_sub(4096)] {
            drop(disk.read_at(at, &mut bytes));
        }
        if end < 1 << 34 {
            drop(disk.next_data(0));
        }
    }

    #[test]
    fn told_by_content() {
        for (form, expected) in [
            ("raw", Ok("raw")),
            ("qcow2", Ok("qcow2")),
            ("vmdk", Ok("vmdk")),
            ("vhd", Ok("vhd")),
            ("vhd-dynamic", Ok("vhd")),
            ("vhdx", Ok("vhdx")),
            (
                "ova",
                Err("the disk file is a tar archive, which is not read here"),
            ),
        ] {
            let found = open(Arc::new(stored(form)));
            let found = found.map(|(_, form)| form).map_err(|e| e.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{form}");
        }
    }
}
