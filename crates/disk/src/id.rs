//! Identifiers of a disk, all derived from one seed so that the same input gives the same disk.
//!
//! ```text
//! id(name) = first 16 bytes of SHA-256(seed ‖ name), with the bits of a UUID version 8 (RFC 9562)
//! ```

use std::fmt;

use sha2::Digest as _;

/// A UUID. Prints in the usual lower-case form; bytes are in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

impl Guid {
    /// A UUID from its number: `0xC12A7328_F81F_11D2_BA4B_00A0C93EC93B`.
    pub const fn new(number: u128) -> Self {
        Self(number.to_be_bytes())
    }

    /// A UUID from its bytes in the order of the text.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes in the order of the text, as ext4 stores them.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The bytes as GPT stores them: the first three fields little-endian.
    pub const fn mixed_endian(self) -> [u8; 16] {
        let b = self.0;
        [
            b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13],
            b[14], b[15],
        ]
    }

    /// Reads what [`Guid::mixed_endian`] gives.
    pub const fn from_mixed_endian(bytes: [u8; 16]) -> Self {
        Self(Self(bytes).mixed_endian())
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Volume identifier of a FAT file system. Prints as udev and `fstab` write it: `ABCD-1234`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeId(pub u32);

impl fmt::Display for VolumeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}-{:04X}", self.0 >> 16, self.0 & 0xFFFF)
    }
}

/// Every identifier of one disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    /// The disk, in its GPT header.
    pub disk: Guid,
    /// The BIOS boot partition.
    pub bios: Guid,
    /// The ESP, as a partition.
    pub esp: Guid,
    /// The root partition.
    pub root_partition: Guid,
    /// The root file system: what `root=UUID=` names.
    pub root: Guid,
    /// Seed of ext4's directory hashes.
    pub hash_seed: Guid,
    /// The ESP's file system.
    pub esp_volume: VolumeId,
}

impl Ids {
    /// Derives all identifiers from a seed, such as the key of the image.
    pub fn derive(seed: &[u8; 32]) -> Self {
        let [a, b, c, d] = prefix(seed, "esp volume");
        Self {
            disk: guid(seed, "disk"),
            bios: guid(seed, "bios partition"),
            esp: guid(seed, "esp partition"),
            root_partition: guid(seed, "root partition"),
            root: guid(seed, "root file system"),
            hash_seed: guid(seed, "root hash seed"),
            esp_volume: VolumeId(u32::from_be_bytes([a, b, c, d])),
        }
    }
}

/// The identifier that a seed gives a name.
pub(crate) fn guid(seed: &[u8; 32], name: &str) -> Guid {
    let mut bytes: [u8; 16] = prefix(seed, name);
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    Guid(bytes)
}

/// The first bytes of what a seed gives a name.
pub(crate) fn prefix<const N: usize>(seed: &[u8; 32], name: &str) -> [u8; N] {
    let mut hasher = sha2::Sha256::new();
    hasher.update(seed);
    hasher.update(name.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_mixes() {
        let esp = Guid::new(0xC12A_7328_F81F_11D2_BA4B_00A0_C93E_C93B);
        assert_eq!(esp.to_string(), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
        assert_eq!(
            esp.mixed_endian()[..8],
            [0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11]
        );
        assert_eq!(Guid::from_mixed_endian(esp.mixed_endian()), esp);
        assert_eq!(VolumeId(0xABCD_0012).to_string(), "ABCD-0012");
    }

    #[test]
    fn seeds_decide() {
        let one = Ids::derive(&[1; 32]);
        assert_eq!(one, Ids::derive(&[1; 32]));
        assert_ne!(one.root, Ids::derive(&[2; 32]).root);
        assert_ne!(one.root, one.root_partition);
        assert_eq!(one.root.to_string().as_bytes()[14], b'8');
    }
}
