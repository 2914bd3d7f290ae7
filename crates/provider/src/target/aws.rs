//! Images of AWS as a target: the disk becomes a snapshot, the snapshot an image, the image is
//! copied to further regions, shared, named in launch templates and parameters. No instance runs.
//!
//! ```text
//!  disk ─► snapshot ─► image ─► complete            first region
//!                        ├────► copy ─► complete    each other one, at once
//!                        └────► copy ─► complete
//!  an image that was made on an instance has no disk here, and is copied to all of them
//!  point: parameter <prefix>/<family>/<channel> = the image of each region
//! ```
//!
//! Everything that is made carries tags (`goldsmith:...`) from the call that makes it on: by these a
//! repeated call finds it. An image is finished when it has the tag `goldsmith:complete`; what has
//! not is what broke off. A region that fails leaves what the others have.

mod boot;
mod copy;
mod fast;
mod parameter;
mod place;
mod register;
mod retire;
mod share;
mod template;
mod usage;
mod withdraw;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Hasher;
use goldsmith_core::failure::Class;
use goldsmith_core::fleet::Usage;
use goldsmith_core::image::ImageId;
use goldsmith_core::ledger::{Ledger, Resource, ResourceKind};
use goldsmith_core::target::{Parcel, Target, TargetError};

pub(crate) use self::place::check_name;
pub use self::place::{AwsPlace, AwsTargetError, LaunchTemplate};
use super::layout::{PlaceError, plain};
use crate::aws::ec2::Image;
use crate::aws::leftovers::PROVIDER;
use crate::aws::mark::{COMPLETE, DISK, IMAGE, NAME, TARGET};
use crate::aws::{Aws, Settings};

/// How often a region is tried.
const TRIES: usize = 2;

/// Images of AWS, in some regions.
pub struct AwsTarget {
    name: String,
    aws: Aws,
    place: AwsPlace,
    folder: PathBuf,
    ledger: Arc<dyn Ledger>,
}

impl std::fmt::Debug for AwsTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsTarget")
            .field("name", &self.name)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// A region of the target.
struct Region<'a> {
    target: &'a AwsTarget,
    aws: Aws,
    name: &'a str,
    account: String,
}

/// What there is of an image in a region.
enum Own {
    Nothing,
    /// Its id.
    There(String),
    /// There was one that could not be used.
    Failed(String),
}

impl AwsTarget {
    /// The target `aws/<label>`. What is known of its snapshots lasts in `folder`, which is of
    /// this target alone; it may be lost, and then whole disks are sent instead of differences.
    pub fn new(
        label: &str,
        mut settings: Settings,
        place: AwsPlace,
        folder: PathBuf,
        ledger: Arc<dyn Ledger>,
    ) -> Self {
        if let Some(endpoint) = &place.endpoint {
            settings.endpoints = BTreeMap::from([(String::new(), endpoint.clone())]);
        }
        Self {
            name: format!("aws/{label}"),
            aws: Aws::new(settings),
            place,
            folder,
            ledger,
        }
    }

    /// The client of a region, as whoever looks for leftovers there needs it.
    pub fn client(&self, region: &str) -> Aws {
        self.aws.at(region, self.place.role.as_deref())
    }

    fn region<'a>(&'a self, cx: &Cx, name: &'a str) -> Result<Region<'a>, TargetError> {
        let aws = self.client(name);
        let account = aws.account(cx)?;
        Ok(Region {
            target: self,
            aws,
            name,
            account,
        })
    }

    /// Does something in these regions, each on its own; what came of it in their order.
    fn in_each<T: Send>(
        &self,
        cx: &Cx,
        regions: &[&str],
        work: impl Fn(&Region<'_>) -> Result<T, TargetError> + Sync,
    ) -> Vec<Result<T, TargetError>> {
        let work = |name: &str| {
            let mut tries = 1;
            loop {
                let done = self.region(cx, name).and_then(|region| work(&region));
                match done {
                    Err(error) if error.class() == Class::Remote && tries < TRIES => {
                        cx.warn(format!("{}: {name}: {error}; trying again", self.name));
                        tries += 1;
                    }
                    done => return done,
                }
            }
        };
        let work = &work;
        std::thread::scope(|scope| {
            let threads: Vec<_> = regions
                .iter()
                .copied()
                .map(|name| scope.spawn(move || work(name)))
                .collect();
            let joined = threads.into_iter().map(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.collect()
        })
    }

    /// The same in all regions; an error names those that failed.
    fn in_all<T: Send>(
        &self,
        cx: &Cx,
        work: impl Fn(&Region<'_>) -> Result<T, TargetError> + Sync,
    ) -> Result<Vec<T>, TargetError> {
        let regions = self.regions();
        let done = self.in_each(cx, &regions, work);
        self.all(&regions, done)
    }

    fn all<T>(
        &self,
        regions: &[&str],
        done: Vec<Result<T, TargetError>>,
    ) -> Result<Vec<T>, TargetError> {
        let (mut good, mut failed) = (Vec::new(), Vec::new());
        for (region, done) in regions.iter().zip(done) {
            match done {
                Ok(value) => good.push(value),
                Err(error) if error.class() == Class::Cancelled => return Err(error),
                Err(error) => failed.push(((*region).to_owned(), error)),
            }
        }
        if failed.is_empty() {
            return Ok(good);
        }
        let all = self.place.regions.len();
        Err(AwsTargetError::Regions { failed, all }.into())
    }

    fn regions(&self) -> Vec<&str> {
        self.place.regions.iter().map(String::as_str).collect()
    }

    /// The region of a copy of this target; `None`: it is of another target, or where this one has
    /// no region any more.
    fn region_of(&self, copy: &CopyRow) -> Option<&str> {
        let region = copy.target.strip_prefix(&self.name)?.strip_prefix('/')?;
        let mut regions = self.place.regions.iter();
        regions.find(|known| *known == region).map(String::as_str)
    }

    /// Who everything with a name at this target is made for.
    fn owner(&self, name: &str) -> String {
        format!("{} {name}", self.name)
    }

    /// Crosses off what is written down for a name, in one region or in all.
    fn cross_off(&self, cx: &Cx, name: &str, region: Option<&str>) -> Result<(), TargetError> {
        let owner = self.owner(name);
        for resource in self.ledger.open(cx, PROVIDER)? {
            let is_there = region.is_none_or(|region| resource.region == region);
            if resource.owner == owner && is_there {
                self.ledger.gone(cx, &resource)?;
            }
        }
        Ok(())
    }
}

impl Region<'_> {
    /// What lasts here of the snapshots of this region.
    fn folder(&self) -> PathBuf {
        let name = format!("{}-{}", self.account, self.name);
        self.target.folder.join(name)
    }

    /// The disk of an image on its way.
    fn disk(&self, name: &str) -> PathBuf {
        self.folder().join(format!("{name}.raw"))
    }

    /// The name of an operation, the same whenever it is repeated.
    fn operation(&self, kind: ResourceKind, parcel: &Parcel<'_>, more: &str) -> String {
        let mut hasher = Hasher::new();
        let image = parcel.image.to_string();
        let disk = parcel.disk.to_string();
        for part in [
            kind.word(),
            &self.account,
            self.name,
            &self.target.name,
            parcel.name,
            &image,
            &disk,
            more,
        ] {
            hasher.field(part.as_bytes());
        }
        hasher.finish().to_string()
    }

    fn resource(&self, kind: ResourceKind, operation: String, name: &str) -> Resource {
        Resource {
            provider: PROVIDER.to_owned(),
            account: self.account.clone(),
            region: self.name.to_owned(),
            kind,
            operation,
            id: None,
            owner: self.target.owner(name),
        }
    }

    /// The image of this name here.
    fn named(&self, cx: &Cx, name: &str) -> Result<Option<(Image, ImageId)>, TargetError> {
        let Some(image) = self.aws.image_named(cx, name)? else {
            return Ok(None);
        };
        let by = image.tags.get(IMAGE).and_then(|text| text.parse().ok());
        let by = by.ok_or_else(|| PlaceError::Foreign {
            place: format!("{} {} {name}", self.name, image.id),
        })?;
        Ok(Some((image, by)))
    }

    /// The same, when it must be this one or none. One that failed goes; then its id is what is
    /// found, too, because another one must not be asked for by the same token.
    fn own(&self, cx: &Cx, parcel: &Parcel<'_>) -> Result<Own, TargetError> {
        match self.named(cx, parcel.name)? {
            Some((_, by)) if by != *parcel.image => {
                let name = parcel.name.to_owned();
                Err(PlaceError::Taken { name, by }.into())
            }
            Some((image, _)) if matches!(image.state.as_str(), "failed" | "error" | "invalid") => {
                self.remove_image(cx, &image)?;
                Ok(Own::Failed(image.id))
            }
            Some((image, _)) => Ok(Own::There(image.id)),
            None => Ok(Own::Nothing),
        }
    }

    /// The row of a copy that is there.
    fn row(&self, cx: &Cx, parcel: &Parcel<'_>, image: &Image) -> CopyRow {
        CopyRow {
            image: parcel.image.clone(),
            target: format!("{}/{}", self.target.name, self.name),
            name: parcel.name.to_owned(),
            location: image.id.clone(),
            format: String::new(),
            digest: None,
            unix: cx.clock().unix_seconds(),
            is_there: true,
        }
    }

    /// What is left to do for an image that can be used.
    fn finish(&self, cx: &Cx, parcel: &Parcel<'_>, image: &Image) -> Result<CopyRow, TargetError> {
        self.watermark(cx, image)?;
        self.share(cx, image)?;
        self.deprecate(cx, image)?;
        self.fast(cx, image)?;
        self.launch_from(cx, parcel.name, image)?;
        if !image.tags.contains_key(COMPLETE) {
            let tags = BTreeMap::from([(COMPLETE.to_owned(), "true".to_owned())]);
            self.aws.tag(cx, &[&image.id], &tags)?;
        }
        self.target.cross_off(cx, parcel.name, Some(self.name))?;
        Ok(self.row(cx, parcel, image))
    }
}

impl Target for AwsTarget {
    fn name(&self) -> &str {
        &self.name
    }

    fn taken(&self, cx: &Cx, name: &str) -> Result<Option<ImageId>, TargetError> {
        check_name(name)?;
        let found = self.in_all(cx, |region| Ok(region.named(cx, name)?.map(|(_, by)| by)))?;
        Ok(found.into_iter().flatten().next())
    }

    fn send(&self, cx: &Cx, parcel: Parcel<'_>) -> Result<Vec<CopyRow>, TargetError> {
        check_name(parcel.name)?;
        self.place.check()?;
        // A name that is taken anywhere is no name for the first region either.
        if let Some(by) = self.taken(cx, parcel.name)?
            && by != *parcel.image
        {
            let name = parcel.name.to_owned();
            return Err(PlaceError::Taken { name, by }.into());
        }
        let regions = self.regions();
        let (first, others) = regions.split_first().ok_or(AwsTargetError::NoRegion)?;
        if self.place.is_public {
            // Before hours of work.
            self.in_all(cx, |region| region.check_public(cx))?;
        }
        let tags = self.tags(&parcel);
        if let Some(there) = parcel.forms.cloud(parcel.image)? {
            let copied = self.in_each(cx, &regions, |region| {
                region.check_account(&there)?;
                region.copied(cx, &parcel, &tags, (&there.region, &there.id))
            });
            return self.all(&regions, copied);
        }
        let made = self.in_each(cx, &[*first], |region| {
            let image = match region.own(cx, &parcel)? {
                Own::There(id) => id,
                Own::Nothing | Own::Failed(_) => region.register(cx, &parcel, &tags)?,
            };
            let image = region.aws.image_ready(cx, &image)?;
            Ok((region.finish(cx, &parcel, &image)?, image.id))
        });
        let made = self.all(&[*first], made)?;
        let (mut rows, ids): (Vec<_>, Vec<_>) = made.into_iter().unzip();
        let copied = self.in_each(cx, others, |region| {
            region.copied(cx, &parcel, &tags, (*first, ids[0].as_str()))
        });
        rows.extend(self.all(others, copied)?);
        Ok(rows)
    }

    fn sweep(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        check_name(name)?;
        self.in_all(cx, |region| region.sweep(cx, name))?;
        self.cross_off(cx, name, None)
    }

    fn point(
        &self,
        cx: &Cx,
        family: &str,
        channel: &str,
        name: Option<&str>,
    ) -> Result<(), TargetError> {
        plain(family)?;
        plain(channel)?;
        name.map_or(Ok(()), check_name)?;
        let Some(prefix) = &self.place.parameters else {
            return Ok(());
        };
        let parameter = format!("{}/{family}/{channel}", prefix.trim_end_matches('/'));
        self.in_all(cx, |region| region.point(cx, &parameter, name))?;
        Ok(())
    }

    fn has(&self, copy: &CopyRow) -> bool {
        self.region_of(copy).is_some()
    }

    fn usage(&self, cx: &Cx, copies: &[CopyRow], roles: &[String]) -> Result<Usage, TargetError> {
        self.used(cx, copies, roles)
    }

    fn deprecate(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        check_name(name)?;
        self.in_all(cx, |region| region.deprecate_now(cx, name))?;
        Ok(())
    }

    fn disable(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        check_name(name)?;
        self.in_all(cx, |region| region.disable(cx, name))?;
        Ok(())
    }

    fn restore(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        check_name(name)?;
        // The target may have got a region since the image was sent.
        let found = self.in_all(cx, |region| region.restore(cx, name))?;
        if found.contains(&true) {
            return Ok(());
        }
        Err(AwsTargetError::Missing {
            name: name.to_owned(),
            region: self.place.regions.join(", "),
        }
        .into())
    }

    fn withdraw(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        check_name(name)?;
        self.in_all(cx, |region| region.withdraw(cx, name))?;
        self.cross_off(cx, name, None)
    }
}

impl AwsTarget {
    /// What is written on everything of an image. What people say comes first, what we know it
    /// by is not theirs to say.
    fn tags(&self, parcel: &Parcel<'_>) -> BTreeMap<String, String> {
        let mut tags = parcel.tags.clone();
        tags.entry("Name".to_owned())
            .or_insert_with(|| parcel.name.to_owned());
        let ImageId {
            name,
            version,
            build,
        } = parcel.image;
        for (key, value) in [
            (IMAGE, format!("{name}@{version}/{build}")),
            (NAME, parcel.name.to_owned()),
            (TARGET, self.name.clone()),
            (DISK, parcel.disk.to_string()),
        ] {
            tags.insert(key.to_owned(), value);
        }
        tags
    }
}
