//! OVA: a machine for VMware and whoever imports its machines, in one archive.
//!
//! ```text
//! tar (ustar), fixed owner, mode and time
//!   <name>.ovf           the machine: see `ovf`
//!   <name>.mf            SHA256(<file>)= <digest>, a line for each of the others
//!   <name>-disk1.vmdk    its disk, stream-optimized: see `vmdk`
//!   1024 zeros
//! ```
//!
//! The order is the standard's; since descriptor and manifest say how large the disk is and
//! what its digest is, they are written last, into the room that was left for them.
//! Sources: DSP0243 1.1.0 sections 5.1 to 5.3, DMTF; SHA-256 in manifests from DSP0243 2.1.1,
//! which vSphere takes with descriptors of 1.x.

mod ovf;

use std::io;

use sha2::{Digest as _, Sha256};
use tar::Header;

use super::target::{Digested, Out};
use super::{Disk, FmtError, Format, Target, vmdk};

use ovf::Sizes;

const BLOCK: u64 = 512;
/// How the name of the disk's file goes on.
const DISK: &str = "-disk1.vmdk";

pub(super) static FORMAT: Format = Format {
    name: "ova",
    endings: &[".ova"],
    summary: "a whole machine for VMware: OVF, SHA-256 manifest, VMDK (pvscsi, vmxnet3, UEFI)",
    unstreamed: Some(
        "it begins with the size and the digest of the disk, which are known when it is compressed",
    ),
    write,
};

fn write(disk: &Disk<'_>, target: &mut dyn Target) -> Result<[u8; 32], FmtError> {
    let mut archive = Archive {
        out: Out::new(target),
        name: disk.machine.name,
    };
    let mut sizes = Sizes {
        capacity: disk.size,
        file: u64::MAX,
    };
    let room = ovf::descriptor(&disk.machine, sizes).len();
    let descriptor_at = archive.member(".ovf", &vec![b' '; room])?;
    let unknown = archive.manifest(&[0; 32], &[0; 32]);
    let manifest_at = archive.member(".mf", &unknown)?;
    let header_at = archive.out.at();
    archive.out.skip_to(header_at + BLOCK)?;

    let mut digested = Digested::new(&mut archive.out);
    let mut vmdk = Out::new(&mut digested);
    let found = vmdk::write(disk, &mut vmdk)?;
    sizes.file = vmdk.at();
    let digest = digested.finish();
    let end = archive.out.at().next_multiple_of(BLOCK) + 2 * BLOCK;
    archive.out.skip_to(end)?;

    let mut descriptor = ovf::descriptor(&disk.machine, sizes);
    // Spaces may follow the last element.
    descriptor.resize(room, b' ');
    let manifest = archive.manifest(&Sha256::digest(&descriptor).into(), &digest);
    let header = archive.header(DISK, sizes.file)?;
    archive.out.patch(header_at, header.as_bytes())?;
    archive.out.patch(descriptor_at, &descriptor)?;
    archive.out.patch(manifest_at, &manifest)?;
    Ok(found)
}

struct Archive<'t, 'd> {
    out: Out<'t>,
    name: &'d str,
}

impl Archive<'_, '_> {
    fn header(&self, ending: &str, size: u64) -> io::Result<Header> {
        let mut header = Header::new_ustar();
        header.set_path(format!("{}{ending}", self.name))?;
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(size);
        header.set_cksum();
        Ok(header)
    }

    /// Adds a member; gives the place of its bytes.
    fn member(&mut self, ending: &str, bytes: &[u8]) -> io::Result<u64> {
        let header = self.header(ending, bytes.len() as u64)?;
        self.out.append(header.as_bytes())?;
        let place = self.out.at();
        self.out.append(bytes)?;
        self.out.align(BLOCK)?;
        Ok(place)
    }

    fn manifest(&self, descriptor: &[u8; 32], disk: &[u8; 32]) -> Vec<u8> {
        let line = |(ending, digest): (&str, &[u8; 32])| {
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("SHA256({}{ending})= {digest}\n", self.name)
        };
        let lines = [(".ovf", descriptor), (DISK, disk)].map(line);
        lines.concat().into_bytes()
    }
}
