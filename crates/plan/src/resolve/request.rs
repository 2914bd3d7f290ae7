//! Words of a request: `name`, `name:arch`, `name=version`, `name/suite`.

use super::Solver;
use crate::index::{CandidateId, Field, PackageId, Universe};

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
    let index = |id: &CandidateId| universe.origin(universe.candidate(*id).index);
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
            .find(|id| index(id).suite == wanted || index(id).codename == wanted);
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

impl Solver<'_> {
    /// After `name/suite`, what that version needs comes from the suite as well, as far
    /// as the usual versions do not do.
    pub(super) fn follow_suites(
        &mut self,
        words: &[String],
        asked: &[(PackageId, Option<CandidateId>)],
    ) {
        for text in words {
            let word = split(text.trim());
            let Some(suite) = word.suite else {
                continue;
            };
            let arch = word.arch.unwrap_or(self.universe.native());
            let Some(package) = self.universe.find(word.name, arch) else {
                continue;
            };
            let version = asked
                .iter()
                .find(|(other, _)| *other == package)
                .and_then(|(_, version)| *version);
            if let Some(version) = version {
                self.follow_suite(version, suite);
            }
        }
    }

    fn follow_suite(&mut self, start: CandidateId, suite: &str) {
        let mut open = vec![start];
        let mut done = Vec::new();
        while let Some(version) = open.pop() {
            done.push(version);
            for dep in self.deps(version).iter() {
                let is_need = matches!(dep.field, Field::Depends | Field::PreDepends);
                if !is_need || self.holds(version, dep, |state| state.offered) {
                    continue;
                }
                let better = dep.alternatives.iter().find_map(|alternative| {
                    let arch = self.universe.arch_of(version);
                    let package = self.universe.find(alternative.name, arch)?;
                    let in_suite = |id: &&CandidateId| {
                        let candidate = self.universe.candidate(**id);
                        let index = self.universe.origin(candidate.index);
                        (index.suite == suite || index.codename == suite)
                            && alternative.accepts(candidate.version)
                    };
                    let id = self.universe.versions(package).iter().find(in_suite)?;
                    Some((package, *id))
                });
                if let Some((package, id)) = better {
                    self.state_mut(package).offered = Some(id);
                    if !done.contains(&id) {
                        open.push(id);
                    }
                }
            }
        }
    }
}
