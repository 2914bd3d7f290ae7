//! A lifecycle plan over many images: what `cargo xtask bench lifecycle` measures.
//!
//! `retention COUNT`: a hundred families, an image of each every six hours, some of them failed,
//! revoked, in use or made from another. Prints how many stay and how many go.

use std::collections::BTreeMap;
use std::error::Error;

use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{Keep, LifecyclePolicy};
use goldsmith_core::version::Version;
use goldsmith_plan::lifecycle::{Decision, Group, Hold, Image, Phase, Standing, plan};
use jiff::Timestamp;

const FAMILIES: u32 = 100;

#[expect(clippy::print_stdout, reason = "an example says what it did")]
fn main() -> Result<(), Box<dyn Error>> {
    let count: u32 = std::env::args().nth(1).ok_or("retention COUNT")?.parse()?;
    let start: Timestamp = "2010-01-01T00:00:00Z".parse()?;
    let images: Vec<Image> = (0..count)
        .map(|n| image(n, start))
        .collect::<Result<_, _>>()?;
    let now = images.last().ok_or("no images")?.created;
    let policy = LifecyclePolicy {
        keep_last: Some(Keep::Newest(3)),
        keep_monthly: Some(Keep::Newest(12)),
        keep_quarterly: Some(Keep::Newest(12)),
        failed_after: Some(std::time::Duration::from_hours(24 * 7)),
        max_per_run: count,
        ..LifecyclePolicy::new("bench", Span::new(&SourceFile::new("", ""), 0..0))
    };
    let plan = plan(&policy, &images, now, false)?;
    let stay = plan
        .decisions
        .iter()
        .filter(|one| Decision::is_kept(one))
        .count();
    println!(
        "{count} images: {stay} stay, {} steps, {}",
        plan.actions().count(),
        plan.digest.short()
    );
    Ok(())
}

fn image(n: u32, start: Timestamp) -> Result<Image, jiff::Error> {
    let (family, number) = (n % FAMILIES, n / FAMILIES);
    let name = |number: u32| format!("family-{family} 1.0.{number}/1");
    let id = name(number);
    Ok(Image {
        group: Group {
            family: format!("family-{family}"),
            arch: "amd64".to_owned(),
            platform: "aws".to_owned(),
            channel: String::new(),
        },
        version: Version {
            major: 1,
            minor: 0,
            patch: number,
        },
        digest: Sha256::of(id.as_bytes()),
        created: start.checked_add(jiff::SignedDuration::from_hours(i64::from(number) * 6))?,
        standing: match number % 20 {
            7 => Standing::Failed,
            13 => Standing::Revoked,
            _ => Standing::Approved,
        },
        phase: Phase::Available { announced: None },
        parent: (number % 10 == 9).then(|| name(number - 1)),
        tags: BTreeMap::from([("team".to_owned(), "platform".to_owned())]),
        launched: None,
        holds: (number % 50 == 3)
            .then(|| Hold::InUse("i-0123456789".to_owned()))
            .into_iter()
            .collect(),
        id,
    })
}
