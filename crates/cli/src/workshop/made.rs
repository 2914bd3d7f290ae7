//! What an image was made of, as its statements say it.

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_build::record::Image;
use goldsmith_core::recipe::{Recipe, Work};
use goldsmith_exec::child::Program;
use goldsmith_pipeline::port::{Input, Made, Origin};
use goldsmith_plan::lock::{Parent, Section};

use crate::app::App;

/// An image with its origin.
pub(super) fn made(
    app: &App,
    image: &Image,
    recipe: &Recipe,
    section: &Section,
    is_new: bool,
) -> Made {
    let mut parameters = BTreeMap::new();
    for work in &recipe.work {
        if let Work::Component(component) = work {
            let clear = component
                .parameters
                .iter()
                .filter(|(_, value)| !value.is_sensitive);
            parameters.extend(clear.map(|(name, value)| {
                (
                    format!("{}:{name}", component.document),
                    value.value.clone(),
                )
            }));
        }
    }
    let packages = section.all_packages().map(|package| Input {
        uri: format!(
            "pkg:deb/debian/{}@{}?arch={}",
            package.name, package.version, package.arch
        ),
        sha256: package.sha256,
    });
    let documents = section.documents.iter().map(|document| Input {
        uri: format!("file:{}", document.path),
        sha256: document.sha256,
    });
    let base = section.parent.as_ref().and_then(|parent| match parent {
        Parent::Ami(pin) => Some(Input {
            uri: format!("aws:ami/{}/{}", pin.region, pin.id),
            sha256: parent.digest(),
        }),
        Parent::Image(_) | Parent::Disk(_) => None,
    });
    let ms: u64 = image.record.phases.iter().map(|phase| phase.ms).sum();
    let took = i64::try_from(ms / 1000).unwrap_or(0);
    let ended = image.record.created_unix;
    Made {
        image: image.made(),
        is_new,
        origin: Origin {
            parameters,
            inputs: base.into_iter().chain(packages).chain(documents).collect(),
            authors: authors(app),
            times: Some((ended - took, ended)),
        },
        bill: image.bill(),
    }
}

/// Who wrote the last change of the project, by Git; nobody where there is no Git.
fn authors(app: &App) -> Vec<String> {
    let git = Program::new("git")
        .args(["log", "-1", "--format=%ae%n%ce"])
        .cwd(&app.directory)
        .timeout(Duration::from_secs(10));
    let mut authors = git.lines(&app.cx).unwrap_or_default();
    authors.retain(|line| line.contains('@'));
    authors.sort();
    authors.dedup();
    authors
}
