//! Words of a request: `name`, `name:arch`, `name=version`, `name/suite`.

use super::Solver;
use super::view::INSTALL;
use crate::index::{CandidateId, Field, PackageId, Universe};
use crate::relation::Alternative;

/// A word of a request that names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct RequestError {
    problem: String,
    hints: Vec<String>,
}

impl RequestError {
    /// What to do next.
    pub fn hints(&self) -> Vec<String> {
        self.hints.clone()
    }
}

/// A word, taken apart.
struct Word<'w> {
    name: &'w str,
    arch: Option<&'w str>,
    version: Option<&'w str>,
    suite: Option<&'w str>,
}

fn split(word: &str) -> Word<'_> {
    let (rest, version) = match word.split_once('=') {
        Some((rest, version)) => (rest, Some(version)),
        None => (word, None),
    };
    let (rest, suite) = match rest.split_once('/') {
        Some((rest, suite)) if version.is_none() => (rest, Some(suite)),
        _ => (rest, None),
    };
    let (name, arch) = match rest.split_once(':') {
        Some((name, arch)) => (name, Some(arch)),
        None => (rest, None),
    };
    Word {
        name,
        arch,
        version,
        suite,
    }
}

/// The packages that were asked for, in that order, with the version each shall have.
pub(super) fn read(
    universe: &Universe<'_>,
    words: &[String],
) -> Result<Vec<(PackageId, Option<CandidateId>)>, RequestError> {
    let mut asked: Vec<(PackageId, Option<CandidateId>)> = Vec::new();
    for text in words {
        let word = split(text.trim());
        let package = find(universe, text, &word)?;
        let version = find_version(universe, text, &word, package)?;
        match asked.iter_mut().find(|(other, _)| *other == package) {
            Some(entry) => entry.1 = version.or(entry.1),
            None => asked.push((package, version)),
        }
    }
    Ok(asked)
}

fn fail<T>(problem: String, hints: Vec<String>) -> Result<T, RequestError> {
    Err(RequestError { problem, hints })
}

fn find(universe: &Universe<'_>, text: &str, word: &Word<'_>) -> Result<PackageId, RequestError> {
    let arch = match word.arch {
        None | Some("native") => universe.native(),
        Some(arch) => arch,
    };
    let known = |wanted: &str| universe.archs().iter().any(|arch| arch == wanted);
    if !known(arch) {
        let archs = universe.archs().join("`, `");
        return fail(
            format!("package `{text}`: `{arch}` is no architecture of this source"),
            vec![format!("this source has `{archs}`")],
        );
    }
    if let Some(package) = universe.find(word.name, arch) {
        return Ok(package);
    }
    if word.arch.is_none()
        && let Some(foreign) = universe.siblings(word.name).next()
    {
        return Ok(foreign);
    }
    let mut providers: Vec<PackageId> = universe
        .providers(word.name)
        .iter()
        .map(|provide| universe.package_of(provide.by))
        .filter(|package| Some(universe.package(*package).arch_id) == universe.arch_id(arch))
        .collect();
    providers.sort_unstable();
    providers.dedup();
    match providers[..] {
        // apt: "Note, selecting `a` instead of `b`".
        [only] => return Ok(only),
        [] => {}
        _ => {
            let names: Vec<_> = providers
                .iter()
                .take(8)
                .map(|package| universe.package(*package).name)
                .collect();
            return fail(
                format!("`{text}` is a virtual package: name one that provides it"),
                vec![format!("`{}` provide it", names.join("`, `"))],
            );
        }
    }
    if let Some(other) = universe.siblings(word.name).next() {
        let other = &universe.archs()[usize::from(universe.package(other).arch_id)];
        return fail(
            format!("there is no package `{}` for `{arch}`", word.name),
            vec![format!(
                "write `{}:{other}` for that of `{other}`",
                word.name
            )],
        );
    }
    let hint = universe
        .nearest(word.name)
        .map(|near| format!("did you mean `{near}`?"));
    fail(
        format!("there is no package `{}`", word.name),
        hint.into_iter().collect(),
    )
}

fn find_version(
    universe: &Universe<'_>,
    text: &str,
    word: &Word<'_>,
    package: PackageId,
) -> Result<Option<CandidateId>, RequestError> {
    let versions = universe.versions(package);
    if let Some(wanted) = word.version {
        let found = versions
            .iter()
            .find(|id| universe.candidate(**id).version == wanted);
        return match found {
            Some(id) => Ok(Some(*id)),
            None => fail(
                format!("package `{text}`: no index has version `{wanted}`"),
                vec![available(universe, package)],
            ),
        };
    }
    if let Some(wanted) = word.suite {
        let found = versions
            .iter()
            .find(|id| is_of_suite(universe, **id, wanted));
        return match found {
            Some(id) => Ok(Some(*id)),
            None => fail(
                format!("package `{text}`: suite `{wanted}` does not have it"),
                vec![available(universe, package)],
            ),
        };
    }
    Ok(None)
}

fn is_of_suite(universe: &Universe<'_>, id: CandidateId, suite: &str) -> bool {
    let origin = universe.origin(universe.candidate(id).index);
    origin.suite == suite || origin.codename == suite
}

/// Which versions there are, for a person.
pub(super) fn available(universe: &Universe<'_>, package: PackageId) -> String {
    let versions: Vec<String> = universe
        .versions(package)
        .iter()
        .take(6)
        .map(|id| {
            let candidate = universe.candidate(*id);
            let index = universe.origin(candidate.index);
            format!("`{}` in {}", candidate.version, index.name)
        })
        .collect();
    format!("there is {}", versions.join(", "))
}

/// The versions that were asked for by suite, with it.
pub(super) fn suites<'w>(
    universe: &Universe<'_>,
    words: &'w [String],
    asked: &[(PackageId, Option<CandidateId>)],
) -> Vec<(CandidateId, &'w str)> {
    let with_suite = |text: &'w String| {
        let word = split(text.trim());
        let package = find(universe, text, &word).ok()?;
        let (_, version) = asked.iter().find(|(other, _)| *other == package)?;
        Some(((*version)?, word.suite?))
    };
    words.iter().filter_map(with_suite).collect()
}

impl Solver<'_> {
    /// After `name/suite`, what that version needs comes from the suite as well, where a
    /// version is asked for and the usual one is not complete yet. Stops at the first
    /// need that a suite cannot help, as apt does; `false` then.
    pub(super) fn follow_suite(
        &mut self,
        version: CandidateId,
        suite: &str,
        changed: &mut Vec<PackageId>,
    ) -> bool {
        if changed.len() > super::MAX_DEPTH {
            return false;
        }
        let package = self.universe.package_of(version);
        let state = self.state_mut(package);
        if state.mode == super::Mode::Install && state.install == state.candidate {
            state.install = Some(version);
        }
        state.candidate = Some(version);
        state.offered = Some(version);
        let deps = self.deps(version);
        let needs = [Field::Depends, Field::PreDepends];
        deps.iter()
            .filter(|dep| needs.contains(&dep.field))
            .all(|dep| {
                let mut alternatives = dep.alternatives.iter();
                alternatives.any(|alternative| self.is_complete(version, alternative))
                    || self.switch_to_suite(version, &dep.alternatives, suite, changed)
            })
    }

    /// Whether the usual version of an alternative will do as things stand.
    fn is_complete(&self, owner: CandidateId, alternative: &Alternative<'_>) -> bool {
        let arch_id = self.universe.candidate(owner).arch_id;
        let real = self.universe.find_id(alternative.name, arch_id);
        let accepts = |id: &CandidateId| alternative.accepts(self.universe.candidate(*id).version);
        let works = |id: CandidateId| !self.is_version_broken(id, INSTALL);
        if real
            .and_then(|package| self.state(package).current)
            .is_some_and(|id| accepts(&id))
        {
            return true;
        }
        let providers = self.universe.providers(alternative.name);
        if alternative.version.is_none() && !providers.is_empty() {
            return providers.iter().any(|provide| {
                let owner = self.universe.package_of(provide.by);
                self.state(owner).candidate == Some(provide.by) && works(provide.by)
            });
        }
        real.and_then(|package| self.state(package).candidate)
            .is_some_and(|id| accepts(&id) && works(id))
    }

    fn switch_to_suite(
        &mut self,
        owner: CandidateId,
        alternatives: &[Alternative<'_>],
        suite: &str,
        changed: &mut Vec<PackageId>,
    ) -> bool {
        let arch_id = self.universe.candidate(owner).arch_id;
        for (place, alternative) in alternatives.iter().enumerate() {
            let is_last = place + 1 == alternatives.len();
            let target = self.universe.find_id(alternative.name, arch_id);
            let Some(package) = target.filter(|_| alternative.version.is_some()) else {
                continue;
            };
            let versions = self.universe.versions(package).iter().copied();
            let Some(version) = versions
                .filter(|id| alternative.accepts(self.universe.candidate(*id).version))
                .find(|id| is_of_suite(self.universe, *id, suite))
            else {
                continue;
            };
            let before = self.state(package).candidate;
            if before == Some(version) && changed.contains(&package) {
                return true;
            }
            changed.push(package);
            if self.follow_suite(version, suite, changed) {
                return true;
            }
            // What was switched for the last alternative stays switched.
            if !is_last {
                let state = self.state_mut(package);
                state.candidate = before;
                state.offered = before;
                changed.pop();
            }
        }
        false
    }
}
