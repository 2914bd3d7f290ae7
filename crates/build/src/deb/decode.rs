//! One package: its members read, checked and written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};
use md5::{Digest as _, Md5};
use rustix::fs::FileType;
use tar::EntryType;

use super::control::Stanza;
use super::meta::{Kind, PackageMeta, PathMeta, VERSION};
use super::{DebError, ar};
use crate::compression::Compression;
use crate::unpack::Unpack;

/// Bytes that a control member may unfold to; the largest in Debian has 2 MiB.
const CONTROL_MAX: u64 = 64 << 20;
/// Bytes that a data member may unfold to; the largest in Debian has 3 GiB.
const DATA_MAX: u64 = 16 << 30;
/// Paths that a package may have; the largest in Debian has 200,000.
const PATHS_MAX: usize = 2_000_000;

/// What stops the decoding of a package.
enum Stop {
    Io(io::Error),
    Refused(String),
    Cancelled(goldsmith_core::failure::Cancelled),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn refuse<T>(detail: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Refused(detail.into()))
}

/// Decodes the package in `blob` into the empty directory `entry`.
pub(super) fn decode(
    cx: &Cx,
    mut blob: File,
    digest: &Sha256,
    entry: &Path,
) -> Result<(), DebError> {
    run(cx, &mut blob, digest, entry).map_err(|stop| match stop {
        Stop::Cancelled(cancelled) => cancelled.into(),
        Stop::Refused(detail) => DebError::Refused {
            package: *digest,
            detail,
        },
        // What decompressors and the reader of archives say about bad bytes.
        Stop::Io(e)
            if matches!(
                e.kind(),
                io::ErrorKind::InvalidData
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::Other
            ) =>
        {
            DebError::Refused {
                package: *digest,
                detail: e.to_string(),
            }
        }
        Stop::Io(source) => DebError::Io {
            package: digest.to_string(),
            source,
        },
    })
}

fn run(cx: &Cx, blob: &mut File, digest: &Sha256, entry: &Path) -> Result<(), Stop> {
    // Verified when it came, but that may be long ago.
    let mut hasher = Hasher::new();
    io::copy(blob, &mut hasher)?;
    let found = hasher.finish();
    if found != *digest {
        return refuse(format!(
            "its bytes in the store now have the digest {found}"
        ));
    }
    let members = match ar::read(blob)? {
        Ok(members) => members,
        Err(detail) => return refuse(detail),
    };
    let control = entry.join("control");
    let root = entry.join("root");
    for directory in [&control, &root] {
        DirBuilder::new().mode(0o755).create(directory)?;
    }

    let files = read_control(open(blob, &members.control)?)?;
    for (name, (mode, bytes)) in &files {
        write(&control.join(name), bytes, *mode)?;
    }
    let text = |name: &str| {
        files
            .get(name)
            .map_or(Ok(""), |(_, bytes)| str::from_utf8(bytes))
            .map_err(|_| Stop::Refused(format!("its control file `{name}` is not UTF-8")))
    };
    let fields = Stanza::parse(text("control")?).map_err(|e| Stop::Refused(e.to_string()))?;
    for needed in ["Package", "Version", "Architecture"] {
        if fields.get(needed).unwrap_or_default().is_empty() {
            return refuse(format!("its control file lacks the field `{needed}`"));
        }
    }
    // A conffile may be marked as one that an upgrade removes: such a one is not in the package.
    let wanted: BTreeSet<&str> = text("conffiles")?
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('/'))
        .collect();

    let data = read_data(
        cx,
        open(blob, &members.data)?,
        &root,
        &wanted,
        !files.contains_key("md5sums"),
    )?;
    if !files.contains_key("md5sums") {
        write(&control.join("md5sums"), data.md5sums.as_bytes(), 0o644)?;
    }
    let mut list = String::new();
    for path in &data.paths {
        let shown = if path.path.is_empty() {
            "."
        } else {
            &path.path
        };
        writeln!(list, "/{shown}").expect("a string takes everything");
    }
    write(&entry.join("list"), list.as_bytes(), 0o644)?;
    // In the order of the package's own list, as dpkg has them.
    let conffiles = text("conffiles")?
        .lines()
        .map(str::trim)
        .filter_map(|path| Some((path.to_owned(), data.md5.get(path)?.clone())))
        .collect();
    let meta = PackageMeta {
        version: VERSION,
        fields,
        paths: data.paths,
        conffiles,
    };
    let text = serde_json::to_vec(&meta).map_err(io::Error::from)?;
    write(&entry.join("meta.json"), &text, 0o644)?;
    Ok(())
}

/// Writes a file with this mode, whatever the umask: trees link to it.
fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    fs::write(path, bytes)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// The bytes of a member, decompressed.
fn open<'a>(blob: &'a mut File, member: &ar::Member) -> Result<Box<dyn Read + 'a>, Stop> {
    blob.seek(SeekFrom::Start(member.offset))?;
    let bytes = BufReader::with_capacity(1 << 16, blob.take(member.size));
    match Compression::of_name(&member.name) {
        Some(compression) => Ok(compression.reader(bytes)?),
        None => refuse(format!("the compression of `{}` is not known", member.name)),
    }
}

/// The control files by name, with their modes.
fn read_control(member: impl Read) -> Result<BTreeMap<String, (u32, Vec<u8>)>, Stop> {
    let mut files = BTreeMap::new();
    let mut archive = tar::Archive::new(Bounded::new(member, CONTROL_MAX));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = path_of(&entry.path_bytes())?;
        match entry.header().entry_type() {
            EntryType::Directory if name.is_empty() => continue,
            EntryType::Regular if !name.is_empty() && !name.contains('/') => {}
            _ => return refuse(format!("its control member holds `{name}`")),
        }
        let mode = entry.header().mode()? & 0o777;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        files.insert(name, (mode, bytes));
    }
    Ok(files)
}

#[derive(Default)]
struct Data {
    paths: Vec<PathMeta>,
    /// MD5 by absolute path, of what was asked for.
    md5: BTreeMap<String, String>,
    /// A whole `md5sums`, if asked for.
    md5sums: String,
}

/// Unpacks the data member.
fn read_data(
    cx: &Cx,
    member: impl Read,
    root: &Path,
    conffiles: &BTreeSet<&str>,
    all_md5: bool,
) -> Result<Data, Stop> {
    let mut data = Data::default();
    let mut unpack = Unpack::new(root)?;
    let mut directories = BTreeSet::from([String::new()]);
    let mut archive = tar::Archive::new(Bounded::new(member, DATA_MAX));
    for entry in archive.entries()? {
        cx.cancel.check().map_err(Stop::Cancelled)?;
        let mut entry = entry?;
        let header = entry.header();
        let kind = header.entry_type();
        let mut meta = PathMeta {
            path: path_of(&entry.path_bytes())?,
            kind: Kind::Node,
            mode: header.mode()? & 0o7777,
            uid: id_of(header.uid()?)?,
            gid: id_of(header.gid()?)?,
            mtime: header.mtime()?,
        };
        let number = |part: io::Result<Option<u32>>| part.ok().flatten();
        let device = number(header.device_major()).zip(number(header.device_minor()));
        let link = match entry.link_name_bytes() {
            None => String::new(),
            Some(bytes) => text_of(&bytes)?,
        };
        if data.paths.len() == PATHS_MAX {
            return refuse("it has too many paths");
        }
        let is_directory = kind == EntryType::Directory;
        let (path, attributes) = (meta.path.as_bytes(), meta.attributes());
        if meta.path.is_empty() && !is_directory {
            return refuse("its root is no directory");
        }
        if is_directory {
            let again = !directories.insert(meta.path.clone());
            meta.kind = Kind::Directory;
            place(&meta.path, unpack.directory(path, &attributes))?;
            if again && !meta.path.is_empty() {
                continue;
            }
        } else if kind == EntryType::Regular || kind == EntryType::Continuous {
            meta.kind = Kind::File { size: entry.size() };
            let absolute = format!("/{}", meta.path);
            let is_conffile = conffiles.contains(absolute.as_str());
            if all_md5 || is_conffile {
                let mut md5 = Md5::new();
                place(
                    &meta.path,
                    unpack.file(path, &attributes, &mut entry, |piece| md5.update(piece)),
                )?;
                let hex = hex_of(&md5.finalize());
                if all_md5 && !is_conffile {
                    writeln!(data.md5sums, "{hex}  {}", meta.path)
                        .expect("a string takes everything");
                }
                data.md5.insert(absolute, hex);
            } else {
                place(
                    &meta.path,
                    unpack.file(path, &attributes, &mut entry, |_| ()),
                )?;
            }
        } else if kind == EntryType::Link {
            let of = path_of(link.as_bytes())?;
            place(&meta.path, unpack.hard_link(path, of.as_bytes()))?;
            meta.kind = Kind::HardLink { of };
        } else if kind == EntryType::Symlink {
            place(
                &meta.path,
                unpack.symbolic_link(path, &attributes, link.as_bytes()),
            )?;
            meta.kind = Kind::SymbolicLink { target: link };
        } else {
            let kind = match kind {
                EntryType::Char => FileType::CharacterDevice,
                EntryType::Block => FileType::BlockDevice,
                EntryType::Fifo => FileType::Fifo,
                _ => return refuse(format!("`{}` is of an unknown kind", meta.path)),
            };
            if device.is_none() && kind != FileType::Fifo {
                return refuse(format!("`{}` has no device number", meta.path));
            }
            place(
                &meta.path,
                unpack.node(path, &attributes, kind, device.unwrap_or_default()),
            )?;
        }
        data.paths.push(meta);
    }
    for meta in data.paths.iter().rev() {
        if meta.kind == Kind::Directory {
            unpack.finish_directory(meta.path.as_bytes(), &meta.attributes())?;
        }
    }
    Ok(data)
}

/// Names the path in what the system refused because of the archive.
fn place(path: &str, result: io::Result<()>) -> Result<(), Stop> {
    use rustix::io::Errno;
    let Err(error) = result else { return Ok(()) };
    let refused = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::EXIST) => "occurs twice",
        Some(Errno::LOOP | Errno::XDEV | Errno::NOTDIR) => "goes through what is no directory",
        Some(Errno::NOENT) => "comes before its directory, or links to what is not there",
        Some(Errno::NAMETOOLONG) => "is too long",
        _ => return Err(Stop::Io(error)),
    };
    refuse(format!("the path `{}` {refused}", path.escape_debug()))
}

/// A path of an archive, relative to the root and without `.`; refuses what leaves it.
fn path_of(bytes: &[u8]) -> Result<String, Stop> {
    let text = text_of(bytes)?;
    if text.starts_with('/') {
        return refuse(format!("the path `{}` is absolute", text.escape_debug()));
    }
    let mut path = String::with_capacity(text.len());
    for part in text.split('/') {
        match part {
            "" | "." => continue,
            ".." => {
                return refuse(format!("the path `{}` holds `..`", text.escape_debug()));
            }
            _ => {}
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(part);
    }
    Ok(path)
}

/// A name of an archive. dpkg's lists have a path a line, so none may hold an end of line.
fn text_of(bytes: &[u8]) -> Result<String, Stop> {
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains(['\n', '\0']) => Ok(text.to_owned()),
        _ => refuse(format!("the path `{}` is no text", bytes.escape_ascii())),
    }
}

fn id_of(id: u64) -> Result<u32, Stop> {
    // The largest number means "unchanged" to the system.
    match u32::try_from(id) {
        Ok(id) if id != u32::MAX => Ok(id),
        _ => refuse(format!("{id} is no owner")),
    }
}

pub(super) fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a string takes everything");
        out
    })
}

/// Fails once more bytes come than allowed.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    const fn new(inner: R, max: u64) -> Self {
        Self { inner, left: max }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it unfolds to too much"))?;
        Ok(n)
    }
}
