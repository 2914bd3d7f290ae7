//! Disks of images for tests that bring them somewhere: sparse, quickly written, and different from
//! each other.

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use goldsmith_core::target::{FormFile, Forms, TargetError};

/// Writes a disk with the table of a disk that starts in both ways, and a file system's worth of
/// bytes of the image.
#[derive(Debug, Default)]
pub struct Disks {
    /// How many were written.
    pub written: AtomicUsize,
}

impl Forms for Disks {
    fn ending(&self, form: &str) -> Option<&'static str> {
        (form == "raw").then_some(".raw")
    }

    fn write(
        &self,
        _cx: &Cx,
        image: &ImageId,
        _form: &str,
        to: &Path,
    ) -> Result<FormFile, TargetError> {
        self.written.fetch_add(1, Ordering::SeqCst);
        let file = std::fs::File::create_new(to).expect("it is not there");
        file.set_len(2 << 30).expect("it can be written");
        let mut table = vec![0; 34 * 512];
        table[512..520].copy_from_slice(b"EFI PART");
        (table[512 + 72], table[512 + 80], table[512 + 84]) = (2, 128, 128);
        let efi = [
            0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e,
            0xc9, 0x3b,
        ];
        table[1024..1040].copy_from_slice(b"Hah!IdontNeedEFI");
        table[1152..1168].copy_from_slice(&efi);
        file.write_all_at(&table, 0).expect("it can be written");
        let text = image.to_string();
        for block in [3, 100, 1000] {
            file.write_all_at(text.as_bytes(), block << 20)
                .expect("it can be written");
        }
        Ok(FormFile {
            sha256: Sha256::of(text.as_bytes()),
            size_bytes: 2 << 30,
        })
    }
}
