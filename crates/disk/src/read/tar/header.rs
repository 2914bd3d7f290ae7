//! The header of a member, and the attributes that may stand before it.

use super::TarError;

/// What a header says.
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) path: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Bytes that follow.
    pub(super) size: u64,
    /// Of a sparse file: its first places, whether more follow, its whole size.
    pub(super) places: Vec<(u64, u64)>,
    pub(super) has_more: bool,
    pub(super) real_size: u64,
}

impl Header {
    pub(super) fn read(bytes: &[u8; 512]) -> Result<Self, TarError> {
        if !has_sum(bytes) {
            return Err(TarError::Broken("a header has a wrong sum"));
        }
        let kind = bytes[156];
        let is_gnu = &bytes[257..265] == b"ustar  \0";
        let is_ustar = &bytes[257..263] == b"ustar\0";
        let mut path = until_zero(&bytes[..100]).to_vec();
        let prefix = until_zero(&bytes[345..500]);
        if is_ustar && !prefix.is_empty() {
            path = [prefix, b"/", &path].concat();
        }
        let (mut places, mut has_more, mut real_size) = (Vec::new(), false, 0);
        if kind == b'S' {
            if !is_gnu {
                return Err(TarError::Unsupported("a sparse file of an unknown form"));
            }
            (places, has_more) = self::places(&bytes[386..], 4)?;
            real_size = number(&bytes[483..495])?;
        }
        let small = |from: usize| -> Result<u32, TarError> {
            let number = number(&bytes[from..from + 8])?;
            Ok(u32::try_from(number).unwrap_or(u32::MAX))
        };
        // Of links and directories the size says nothing.
        let has_content = !matches!(kind, b'1'..=b'6');
        Ok(Self {
            kind,
            path,
            target: until_zero(&bytes[157..257]).to_vec(),
            mode: small(100)? & 0o7777,
            uid: small(108)?,
            gid: small(116)?,
            size: if has_content {
                number(&bytes[124..136])?
            } else {
                0
            },
            places,
            has_more,
            real_size,
        })
    }
}

/// Places of a sparse file and whether more follow, which stands behind them.
pub(super) fn places(bytes: &[u8], count: usize) -> Result<(Vec<(u64, u64)>, bool), TarError> {
    let mut places = Vec::new();
    for row in bytes[..count * 24].chunks_exact(24) {
        if row[0] != 0 {
            places.push((number(&row[..12])?, number(&row[12..])?));
        }
    }
    Ok((places, bytes[count * 24] != 0))
}

/// Whether the sum of a header is what it says.
pub(super) fn has_sum(bytes: &[u8]) -> bool {
    let sum = bytes[..512].iter().enumerate().map(|(at, byte)| {
        let own = (148..156).contains(&at);
        u64::from(if own { b' ' } else { *byte })
    });
    number(&bytes[148..156]).is_ok_and(|said| said == sum.sum::<u64>())
}

pub(super) fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Octal digits between spaces, or binary: fields are of 8 and of 12 bytes.
fn number(bytes: &[u8]) -> Result<u64, TarError> {
    if bytes[0] == 0x80 {
        let (high, low) = bytes[1..].split_at(bytes.len().saturating_sub(9));
        if high.iter().all(|byte| *byte == 0) {
            return Ok(low.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)));
        }
        return Err(TarError::Broken("a number"));
    }
    let digits = until_zero(bytes).trim_ascii();
    digits
        .iter()
        .try_fold(0_u64, |number, digit| match digit {
            b'0'..=b'7' => number.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
            _ => None,
        })
        .ok_or(TarError::Broken("a number"))
}

/// What stands before a member about it.
#[derive(Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) is_sparse: bool,
}

impl Pax {
    /// Reads rows of `LENGTH NAME=VALUE\n`, the length that of the whole row.
    pub(super) fn read(&mut self, text: &[u8]) -> Result<(), TarError> {
        let broken = || TarError::Broken("the attributes of a member");
        let mut rest = text;
        while !rest.is_empty() && rest[0] != 0 {
            let space = rest
                .iter()
                .position(|byte| *byte == b' ')
                .ok_or_else(broken)?;
            let length = decimal(&rest[..space]).ok_or_else(broken)?;
            let length = usize::try_from(length).map_err(|_| broken())?;
            if length <= space + 1 || length > rest.len() || rest[length - 1] != b'\n' {
                return Err(broken());
            }
            let row = &rest[space + 1..length - 1];
            rest = &rest[length..];
            let equals = row
                .iter()
                .position(|byte| *byte == b'=')
                .ok_or_else(broken)?;
            let (name, value) = (&row[..equals], &row[equals + 1..]);
            let id = || decimal(value).map(|id| u32::try_from(id).unwrap_or(u32::MAX));
            match name {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.target = Some(value.to_vec()),
                b"size" => self.size = Some(decimal(value).ok_or_else(broken)?),
                b"uid" => self.uid = id(),
                b"gid" => self.gid = id(),
                _ if name.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
        }
        Ok(())
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(b"0000755\0").unwrap(), 0o755);
        // An owner above 2,097,151, as GNU's tar writes it.
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0x20, 0, 1]).unwrap(), 0x20_0001);
        let mut size = [0; 12];
        size[0] = 0x80;
        size[7] = 1;
        assert_eq!(number(&size).unwrap(), 1 << 32);
        size[2] = 1;
        assert!(number(&size).is_err());
        assert!(number(b"00007x5\0").is_err());
    }
}
