//! One file as an image of its own.

/// A tar archive of one file.
pub fn archive(path: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    header[..path.len()].copy_from_slice(path.as_bytes());
    header[100..107].copy_from_slice(b"0000755");
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[148..156].fill(b' ');
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    // A second name, so that it is not taken for a disk in an archive.
    let mut folder = [0; 512];
    folder[..4].copy_from_slice(b"etc/");
    folder[100..107].copy_from_slice(b"0000755");
    folder[148..156].fill(b' ');
    folder[156] = b'5';
    folder[257..265].copy_from_slice(b"ustar\x0000");
    let mut usr = folder;
    usr[..4].copy_from_slice(b"usr/");
    let mut archive = Vec::new();
    for mut header in [folder, usr, header] {
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        header[154] = 0;
        archive.extend(header);
    }
    archive.extend(content);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}
