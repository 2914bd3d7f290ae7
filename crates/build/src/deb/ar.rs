//! The outer form of a `.deb`: an `ar` archive of three members (deb(5)).
//!
//! ```text
//! "!<arch>\n"
//! member: name[16] mtime[12] uid[6] gid[6] mode[8] size[10] "`\n"   decimal, padded with spaces
//!         size bytes, then "\n" if size is odd
//! debian-binary ("2.N\n"), control.tar[.gz|.xz|.zst], data.tar[.gz|.xz|.zst]
//! ```

use std::io::{self, Read, Seek, SeekFrom};

/// Where a member's bytes stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// The members that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members {
    pub(super) control: Member,
    pub(super) data: Member,
}

/// Finds the members; `Ok(Err(_))` says what is wrong with the archive.
pub(super) fn read(file: &mut (impl Read + Seek)) -> io::Result<Result<Members, String>> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut magic = [0; 8];
    if length < 8 || {
        file.read_exact(&mut magic)?;
        magic != *b"!<arch>\n"
    } {
        return Ok(Err("it is no `ar` archive".to_owned()));
    }
    let mut offset = 8;
    let mut found: Vec<Member> = Vec::new();
    while offset < length && found.len() < 3 {
        let mut header = [0; 60];
        if length - offset < 60 {
            return Ok(Err("it ends within a member's header".to_owned()));
        }
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut header)?;
        let text = |range: std::ops::Range<usize>| str::from_utf8(&header[range]).map(str::trim);
        let (Ok(name), Ok(size)) = (text(0..16), text(48..58)) else {
            return Ok(Err("a member's header is not text".to_owned()));
        };
        let name = name.trim_end_matches('/').to_owned();
        let size = match size.parse::<u64>() {
            Ok(size) if size <= length - offset - 60 && header[58..] == *b"`\n" => size,
            _ => return Ok(Err(format!("the size of member `{name}` is wrong"))),
        };
        let member = Member {
            offset: offset + 60,
            size,
            name,
        };
        offset += 60 + size + size % 2;
        // deb(5) reserves names with an underscore for additions that may be skipped.
        if !found.is_empty() && member.name.starts_with('_') {
            continue;
        }
        found.push(member);
    }
    let Ok([binary, control, data]) = <[Member; 3]>::try_from(found) else {
        return Ok(Err("it has fewer than three members".to_owned()));
    };
    if binary.name != "debian-binary"
        || !control.name.starts_with("control.tar")
        || !data.name.starts_with("data.tar")
    {
        return Ok(Err(format!(
            "its members are `{}`, `{}`, `{}`",
            binary.name, control.name, data.name
        )));
    }
    let mut version = String::new();
    file.seek(SeekFrom::Start(binary.offset))?;
    if (&mut *file)
        .take(binary.size.min(16))
        .read_to_string(&mut version)
        .is_err()
        || !version.starts_with("2.")
    {
        return Ok(Err("its format version is not 2".to_owned()));
    }
    Ok(Ok(Members { control, data }))
}
