//! The package indices that signed heads name, verified and unpacked.

use std::io::Read;

use goldsmith_core::cx::Cx;
use goldsmith_core::fetch::{Expected, FetchError};
use goldsmith_plan::release::{IndexFile, ReleaseError};

use super::release::Head;
use super::{Archive, RepoError};

/// The forms we read, the smallest first.
const FORMS: [&str; 3] = [".xz", ".gz", ""];
/// Largest index we unpack, in bytes; that of Debian's main component has 47 MiB.
const MAX_INDEX: u64 = 1 << 30;
/// Memory the xz decoder may take, in bytes; the archive's files need 64 MiB.
const XZ_MEMORY: u64 = 256 << 20;

/// An unpacked index.
#[derive(Debug)]
pub(super) struct PackagesFile {
    /// As the source names its suite.
    pub(super) suite: String,
    /// What the suite calls itself.
    pub(super) codename: String,
    /// `main/binary-amd64`.
    pub(super) place: String,
    pub(super) text: Vec<u8>,
}

/// One index that is to be had.
#[derive(Debug)]
struct Job<'a> {
    head: &'a Head,
    place: String,
}

/// Every index of the given components for `arch`.
pub(super) fn fetch(
    cx: &Cx,
    archive: Archive<'_>,
    heads: &[Head],
    components: &[String],
    arch: &str,
) -> Result<Vec<PackagesFile>, RepoError> {
    let mut jobs = Vec::new();
    for head in heads {
        for component in components {
            jobs.push(Job {
                head,
                place: format!("{component}/binary-{arch}"),
            });
            let all = format!("{component}/binary-all");
            let release = &head.verified.release;
            if release.has_separate_all && release.files.contains_key(&format!("{all}/Packages")) {
                jobs.push(Job { head, place: all });
            }
        }
    }
    // A source has few indices, of which one is large: each gets a thread.
    std::thread::scope(|scope| {
        let running: Vec<_> = jobs
            .iter()
            .map(|job| scope.spawn(move || job.run(cx, archive)))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("fetching an index does not panic"))
            .collect()
    })
}

impl Job<'_> {
    fn run(&self, cx: &Cx, archive: Archive<'_>) -> Result<PackagesFile, RepoError> {
        let release = &self.head.verified.release;
        let path = format!("{}/Packages", self.place);
        let (form, file) = release
            .index(&path, &FORMS)
            .map_err(|source| self.refuse(source))?;
        // The plain form is named even where the mirror does not keep it.
        let plain = release.files.get(&path);
        let text = match plain.and_then(|plain| stored(archive, plain)) {
            Some(text) => text,
            None => self.unpack(cx, archive, &path, form, file, plain)?,
        };
        Ok(PackagesFile {
            suite: self.head.suite.clone(),
            codename: release.codename.clone(),
            place: self.place.clone(),
            text,
        })
    }

    fn unpack(
        &self,
        cx: &Cx,
        archive: Archive<'_>,
        path: &str,
        form: &str,
        file: IndexFile,
        plain: Option<&IndexFile>,
    ) -> Result<Vec<u8>, RepoError> {
        let path = format!("{path}{form}");
        self.download(cx, archive, &path, file)?;
        let packed = archive.store.open_blob(cx, &file.sha256)?;
        let limit = plain.map_or(MAX_INDEX, |plain| plain.size.min(MAX_INDEX));
        let text = decompress(packed, form, limit).map_err(|detail| RepoError::Unpack {
            path: path.clone(),
            suite: self.head.suite.clone(),
            detail,
        })?;
        if let Some(plain) = plain {
            let found = archive.store.insert(text.as_slice(), None)?;
            if (found, text.len() as u64) != (plain.sha256, plain.size) {
                return Err(self.refuse(ReleaseError::IndexMismatch {
                    path,
                    detail: format!("it unpacks to SHA-256 {found}, not {}", plain.sha256),
                }));
            }
        }
        Ok(text)
    }

    /// Brings the packed index into the store: by its digest where the archive offers that,
    /// since the name alone may mean a newer file already.
    fn download(
        &self,
        cx: &Cx,
        archive: Archive<'_>,
        path: &str,
        file: IndexFile,
    ) -> Result<(), RepoError> {
        let Some(download) = archive.store.download(cx, &file.sha256)? else {
            return Ok(());
        };
        let suite = &self.head.suite;
        let base = format!("{}/dists/{suite}", archive.mirror(suite)?);
        let by_name = format!("{base}/{path}");
        let by_hash = format!("{base}/{}/by-hash/SHA256/{}", self.place, file.sha256);
        let expected = Expected {
            size: file.size,
            sha256: file.sha256,
        };
        let get = |url: &str| {
            archive
                .fetch
                .download(cx, url, expected, download.path(), &|_| ())
        };
        let outcome = if self.head.verified.release.by_hash {
            match get(&by_hash) {
                Err(FetchError::NotFound { .. }) => get(&by_name),
                outcome => outcome,
            }
        } else {
            get(&by_name)
        };
        outcome.map_err(|error| match error {
            FetchError::Cancelled(cancelled) => cancelled.into(),
            FetchError::Mismatch { detail, .. } => self.refuse(ReleaseError::IndexMismatch {
                path: path.to_owned(),
                detail,
            }),
            source => RepoError::Fetch {
                what: format!("index `{path}`"),
                suite: suite.clone(),
                source,
            },
        })?;
        download.finish()?;
        Ok(())
    }

    fn refuse(&self, source: ReleaseError) -> RepoError {
        RepoError::Release {
            suite: self.head.suite.clone(),
            source,
        }
    }
}

/// The unpacked index, when an earlier run kept it.
fn stored(archive: Archive<'_>, plain: &IndexFile) -> Option<Vec<u8>> {
    let path = archive.store.blob_path(&plain.sha256);
    let text = std::fs::read(path).ok()?;
    (text.len() as u64 == plain.size).then_some(text)
}

/// The plain bytes, at most `limit` of them.
fn decompress(packed: impl Read, form: &str, limit: u64) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let outcome = match form {
        ".xz" => {
            let stream = liblzma::stream::Stream::new_stream_decoder(
                XZ_MEMORY,
                liblzma::stream::CONCATENATED,
            )
            .map_err(|error| error.to_string())?;
            liblzma::read::XzDecoder::new_stream(packed, stream)
                .take(limit + 1)
                .read_to_end(&mut text)
        }
        ".gz" => flate2::read::MultiGzDecoder::new(packed)
            .take(limit + 1)
            .read_to_end(&mut text),
        _ => packed.take(limit + 1).read_to_end(&mut text),
    };
    outcome.map_err(|error| error.to_string())?;
    if text.len() as u64 > limit {
        return Err(format!("it has more than the signed {limit} bytes"));
    }
    Ok(text)
}
