//! The seed disk: what a cloud would tell a machine at its first boot, as cloud-init's
//! `NoCloud` datasource reads it (a FAT file system labelled `CIDATA`). An image that is
//! made for clouds makes its ssh host keys and sets its network up only when it has a
//! datasource; an image without cloud-init takes no notice. It also starts the agent in
//! guests whose systemd knows no credentials.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_disk::fs::fat::{Fat, Files, write as lay_out};
use goldsmith_disk::id::VolumeId;
use goldsmith_exec::vm::guest;

/// Enough clusters for a FAT16.
const SIZE: u64 = 8 << 20;

/// Writes the disk. `instance` tells cloud-init one machine from another.
pub(super) fn write(path: &Path, instance: &str) -> io::Result<()> {
    let files = files(instance);
    let fat = Fat {
        size: SIZE,
        hidden_sectors: 0,
        volume: VolumeId(0x476f_6c64),
        label: "CIDATA",
        time: 0,
    };
    let regions = lay_out(&fat, &files).map_err(io::Error::other)?;
    let file = File::create(path)?;
    file.set_len(SIZE)?;
    for (offset, bytes) in regions {
        file.write_all_at(&bytes, offset)?;
    }
    Ok(())
}

fn files(instance: &str) -> Files {
    let start = serde_json::json!({ "bootcmd": [["sh", "-c", guest::seed_script()]] });
    [
        (
            "meta-data".to_owned(),
            format!("instance-id: {instance}\nlocal-hostname: goldsmith-test\n").into_bytes(),
        ),
        // JSON is YAML.
        (
            "user-data".to_owned(),
            format!("#cloud-config\n{start}\n").into_bytes(),
        ),
    ]
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_labelled_fat_with_both_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seed.img");
        write(&path, "test-1").unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len() as u64, SIZE);
        assert_eq!(&bytes[43..54], b"CIDATA     ");
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(has(b"instance-id: test-1\n"));
        assert!(has(
            b"#cloud-config\n{\"bootcmd\":[[\"sh\",\"-c\",\"systemctl"
        ));
    }
}
