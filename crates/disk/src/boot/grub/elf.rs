//! The little of ELF that GRUB's BIOS kernel needs: its loaded sections, put where they belong.

const SHT_PROGBITS: u32 = 1;
const SHT_NOBITS: u32 = 8;
const FLAG_ALLOC: u32 = 2;
/// A kernel is 30 KiB; more than the memory below 640 KiB is no kernel.
const SIZE_MAX: usize = 640 * 1024;

/// The memory image of a 32-bit little-endian ELF file linked at `base`, without what is zeros at
/// its end; `None` when it is no such file.
pub(super) fn load(file: &[u8], base: u32) -> Option<Vec<u8>> {
    if !file.starts_with(b"\x7fELF\x01\x01") {
        return None;
    }
    let sections = usize::try_from(u32_at(file, 32)?).ok()?;
    let size = usize::from(u16_at(file, 46)?);
    let count = usize::from(u16_at(file, 48)?);
    let mut image = vec![];
    for number in 0..count {
        let section = file.get(sections.checked_add(number * size)?..)?;
        let (kind, flags) = (u32_at(section, 4)?, u32_at(section, 8)?);
        if flags & FLAG_ALLOC == 0 || kind == SHT_NOBITS {
            continue;
        }
        if kind != SHT_PROGBITS {
            return None;
        }
        let at = usize::try_from(u32_at(section, 12)?.checked_sub(base)?).ok()?;
        let from = usize::try_from(u32_at(section, 16)?).ok()?;
        let length = usize::try_from(u32_at(section, 20)?).ok()?;
        let bytes = file.get(from..from.checked_add(length)?)?;
        let end = at.checked_add(length).filter(|end| *end <= SIZE_MAX)?;
        if image.len() < end {
            image.resize(end, 0);
        }
        image[at..end].copy_from_slice(bytes);
    }
    (!image.is_empty()).then_some(image)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
