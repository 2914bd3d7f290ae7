//! Small random worlds: whatever comes out of the solver holds together.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::debversion;
use goldsmith_core::recipe::Variant;
use goldsmith_plan::index::{Candidate, CandidateId, Field, Index, Universe};
use goldsmith_plan::relation::{Alternative, Qualifier};
use goldsmith_plan::resolve::{Request, Solution, Why, order, resolve};
use goldsmith_testing::apt::{Apt, Installs};

use crate::oracle;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn name() -> impl Strategy<Value = String> {
    (0..8u8).prop_map(|n| format!("p{n}"))
}

fn alternative() -> impl Strategy<Value = String> {
    let version = (
        prop::sample::select(&["<<", "<=", "=", ">=", ">>"][..]),
        1..4u8,
    );
    (
        name(),
        prop::bool::weighted(0.1),
        prop::option::weighted(0.3, version),
    )
        .prop_map(|(name, any, version)| {
            let any = if any { ":any" } else { "" };
            let version = version.map_or_else(String::new, |(op, v)| format!(" ({op} {v})"));
            format!("{name}{any}{version}")
        })
}

fn relations(most: usize) -> impl Strategy<Value = String> {
    let relation = prop::collection::vec(alternative(), 1..3).prop_map(|r| r.join(" | "));
    prop::collection::vec(relation, 0..=most).prop_map(|f| f.join(", "))
}

fn stanza() -> impl Strategy<Value = String> {
    let provides = prop::collection::vec((name(), prop::option::of(1..4u8)), 0..2);
    (
        (
            name(),
            1..4u8,
            prop::sample::select(&["all", "amd64", "i386"][..]),
        ),
        prop::sample::select(&["no", "same", "foreign", "allowed"][..]),
        prop::bool::weighted(0.1),
        (relations(2), relations(1)),
        (
            prop::collection::vec(alternative(), 0..2),
            prop::collection::vec(alternative(), 0..2),
        ),
        provides,
    )
        .prop_map(
            |((name, version, arch), multi_arch, essential, needs, refuses, provides)| {
                let provides: Vec<String> = provides
                    .into_iter()
                    .map(|(name, version)| {
                        name + &version.map_or_else(String::new, |v| format!(" (= {v})"))
                    })
                    .collect();
                let fields = [
                    ("Package", name),
                    ("Version", version.to_string()),
                    ("Architecture", arch.to_owned()),
                    ("Multi-Arch", multi_arch.to_owned()),
                    ("Essential", if essential { "yes" } else { "no" }.to_owned()),
                    ("Depends", needs.0),
                    ("Pre-Depends", needs.1),
                    ("Conflicts", refuses.0.join(", ")),
                    ("Breaks", refuses.1.join(", ")),
                    ("Provides", provides.join(", ")),
                    ("Filename", "pool/x.deb".to_owned()),
                    ("Size", "1".to_owned()),
                    ("SHA256", DIGEST.to_owned()),
                ];
                let lines: Vec<String> = fields
                    .into_iter()
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(field, value)| format!("{field}: {value}\n"))
                    .collect();
                lines.concat() + "\n"
            },
        )
}

fn load(text: &str) -> Universe<'_> {
    let index = Index {
        name: "random".to_owned(),
        suite: "random".to_owned(),
        codename: "random".to_owned(),
        pin: 500,
        text: text.as_bytes(),
    };
    Universe::load("amd64", &["i386"], vec![index]).expect("every stanza is good")
}

fn solve(universe: &Universe<'_>, packages: &[String]) -> Option<Solution> {
    let request = Request {
        variant: Variant::Essential,
        packages,
        hold: BTreeMap::new(),
        installed: BTreeMap::new(),
    };
    resolve(universe, &request).ok()
}

/// Whether `other` is what an alternative of `owner` names: written anew from Policy 7
/// and the multi-arch rules, to be no copy of what it checks.
fn names(
    universe: &Universe<'_>,
    owner: CandidateId,
    alternative: &Alternative<'_>,
    other: CandidateId,
    refuses: bool,
) -> bool {
    let candidate: &Candidate<'_> = universe.candidate(other);
    let multi_arch = format!("{:?}", candidate.multi_arch);
    let arch_fits = match alternative.qualifier {
        Qualifier::Any => multi_arch == "Allowed",
        _ => {
            refuses || multi_arch == "Foreign" || universe.arch_of(owner) == universe.arch_of(other)
        }
    };
    let bound = alternative.version;
    let fits = |version: &str| bound.is_none_or(|(op, bound)| op.holds(version, bound));
    let is_real = candidate.package == alternative.name && fits(candidate.version);
    let provides = universe
        .relations(other, Field::Provides)
        .expect("every field is good")
        .into_iter()
        .flatten()
        .any(|provide| {
            provide.name == alternative.name
                && match provide.version {
                    Some((_, version)) => fits(version),
                    None => bound.is_none(),
                }
        });
    arch_fits && (is_real || provides)
}

fn check_solution(universe: &Universe<'_>, solution: &Solution, asked: &[String]) {
    let all: Vec<CandidateId> = solution.packages.iter().map(|c| c.candidate).collect();
    let key = |id: &CandidateId| (universe.candidate(*id).package, universe.arch_of(*id));
    let keys: BTreeSet<_> = all.iter().map(key).collect();
    assert_eq!(keys.len(), all.len(), "one version of each package");
    for name in asked {
        let real = all.iter().any(|id| key(id) == (name.as_str(), "amd64"));
        let only_virtual = universe.find(name, "amd64").is_none();
        assert!(real || only_virtual, "`{name}` was asked for");
    }
    for id in &all {
        for field in [Field::PreDepends, Field::Depends] {
            for relation in universe.relations(*id, field).expect("good") {
                let holds = relation.iter().any(|one| {
                    all.iter()
                        .any(|other| names(universe, *id, one, *other, false))
                });
                assert!(holds, "{:?} lacks {relation:?}", key(id));
            }
        }
        for field in [Field::Conflicts, Field::Breaks] {
            for refused in universe
                .relations(*id, field)
                .expect("good")
                .into_iter()
                .flatten()
            {
                for other in &all {
                    // Whoever provides what it refuses means others of the kind.
                    if universe.candidate(*other).package != universe.candidate(*id).package {
                        let hit = names(universe, *id, &refused, *other, true);
                        assert!(!hit, "{:?} refuses {:?}", key(id), key(other));
                    }
                }
            }
        }
        for other in &all {
            let (a, b) = (universe.candidate(*id), universe.candidate(*other));
            if a.package == b.package && id != other {
                let same = format!("{:?}{:?}", a.multi_arch, b.multi_arch) == "SameSame";
                let equal = debversion::compare(a.version, b.version).is_eq();
                assert!(same && equal, "{:?} beside its sibling", key(id));
            }
        }
    }
    for (place, chosen) in solution.packages.iter().enumerate() {
        if let Why::NeededBy(by) = chosen.why {
            assert!(
                solution.packages[by]
                    .edges
                    .all()
                    .any(|needed| needed == place)
            );
        }
    }
}

fn check_order(solution: &Solution) {
    let edges: Vec<_> = solution.packages.iter().map(|c| c.edges.clone()).collect();
    let configure = order::configure_order(&edges);
    let mut sorted = configure.clone();
    sorted.sort_unstable();
    assert!(
        sorted.iter().copied().eq(0..edges.len()),
        "each package once"
    );
    let batches = order::unpack_order(&edges);
    let mut sorted = batches.concat();
    sorted.sort_unstable();
    assert!(
        sorted.iter().copied().eq(0..edges.len()),
        "each package once"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn solutions_hold_together(
        stanzas in prop::collection::vec(stanza(), 1..24),
        asked in prop::collection::vec(name(), 1..4),
    ) {
        let text = stanzas.concat();
        let universe = load(&text);
        if let Some(solution) = solve(&universe, &asked) {
            check_solution(&universe, &solution, &asked);
            check_order(&solution);
            prop_assert_eq!(solve(&universe, &asked), Some(solution), "the same again");
        }
    }

    #[test]
    fn the_order_of_stanzas_changes_nothing_but_ties(
        mut stanzas in prop::collection::vec(stanza(), 1..16),
        asked in name(),
    ) {
        // Without Provides there are no ties between providers to break by order.
        for stanza in &mut stanzas {
            let lines = stanza.lines().filter(|line| !line.starts_with("Provides:"));
            *stanza = lines.map(|line| line.to_owned() + "\n").collect();
        }
        // `all` is native: the same version twice would be another tie.
        let key = |stanza: &String| -> Vec<String> {
            let lines = stanza.lines().take(3);
            lines.map(|line| line.replace(": all", ": amd64")).collect()
        };
        stanzas.sort_by_key(key);
        stanzas.dedup_by_key(|stanza| key(stanza));
        let versions = |stanzas: &[String]| {
            let text = stanzas.concat();
            let universe = load(&text);
            solve(&universe, std::slice::from_ref(&asked)).map(|solution| {
                let ids = solution.packages.iter().map(|c| c.candidate);
                ids.map(|id| {
                    let candidate = universe.candidate(id);
                    (candidate.package.to_owned(), candidate.version.to_owned(), candidate.arch.to_owned())
                })
                .collect::<Vec<_>>()
            })
        };
        let forward = versions(&stanzas);
        stanzas.reverse();
        prop_assert_eq!(versions(&stanzas), forward);
    }
}

/// One package of a world as apt takes it: nothing essential, no version twice.
fn tidy(stanzas: &mut Vec<String>) {
    for stanza in &mut *stanzas {
        *stanza = stanza.replace("Essential: yes", "Essential: no");
    }
    let key = |stanza: &String| -> Vec<String> {
        let lines = stanza.lines().take(3);
        lines.map(|line| line.replace(": all", ": amd64")).collect()
    };
    stanzas.sort_by_key(key);
    stanzas.dedup_by_key(|stanza| key(stanza));
}

fn installs(universe: &Universe<'_>, solution: &Solution) -> Installs {
    let ids = solution.packages.iter().map(|c| c.candidate);
    ids.map(|id| {
        let candidate = universe.candidate(id);
        let key = (candidate.package.to_owned(), candidate.arch.to_owned());
        (key, candidate.version.to_owned())
    })
    .collect()
}

/// Of a world in two parts the first is what there was when the system was made.
fn compare_on_a_system(
    stanzas: &[String],
    asked: &[String],
    more: &[String],
) -> Result<(), String> {
    let old = stanzas[..stanzas.len() / 2].concat();
    let old = load(&old);
    let Some(system) = solve(&old, asked).filter(|system| !system.packages.is_empty()) else {
        return Ok(());
    };
    let before = installs(&old, &system);
    let text = stanzas.concat();
    let apt = Apt::of_index("amd64", &["i386"], &text);
    apt.set_status(&oracle::status(&old, &system));
    let words: Vec<&str> = more.iter().map(String::as_str).collect();
    let theirs = apt.install(&words);
    let universe = load(&text);
    let request = Request {
        variant: Variant::Essential,
        packages: more,
        hold: BTreeMap::new(),
        installed: before
            .iter()
            .map(|(id, version)| (oracle::native(id), version.clone()))
            .collect(),
    };
    let ours = resolve(&universe, &request).ok();
    let ours = ours.map(|solution| oracle::new_of(&before, &installs(&universe, &solution)));
    match (ours, theirs) {
        (Some(ours), Ok(theirs)) if ours == theirs => Ok(()),
        (None, Err(_)) => Ok(()),
        // apt has a set as well, and sees only afterwards that no order will do.
        (Some(_), Err(words)) if words.contains("packages will be") => Ok(()),
        (ours, theirs) => Err(format!(
            "{asked:?}, then {more:?} on {before:?}\nwe: {ours:?}\napt: {theirs:?}\n{text}"
        )),
    }
}

#[test]
fn systems_that_are_there_come_out_as_with_apt() {
    let strategy = (
        prop::collection::vec(stanza(), 2..16),
        prop::collection::vec(name(), 1..3),
        prop::collection::vec(name(), 1..3),
    );
    let mut runner = TestRunner::deterministic();
    let mut differences = Vec::new();
    for _ in 0..60 {
        let tree = strategy.new_tree(&mut runner).expect("a world");
        let (mut stanzas, asked, more) = tree.current();
        tidy(&mut stanzas);
        differences.extend(compare_on_a_system(&stanzas, &asked, &more).err());
    }
    assert!(
        differences.is_empty(),
        "{} not as apt:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn compare_with_apt(stanzas: &[String], asked: &[String]) -> Result<(), String> {
    let text = stanzas.concat();
    let apt = Apt::of_index("amd64", &["i386"], &text);
    let words: Vec<&str> = asked.iter().map(String::as_str).collect();
    let theirs = apt.install(&words);
    let universe = load(&text);
    let ours = solve(&universe, asked);
    let ours = ours.map(|solution| installs(&universe, &solution));
    match (ours, theirs) {
        (Some(ours), Ok(theirs)) if ours == theirs => Ok(()),
        (None, Err(_)) => Ok(()),
        // apt has a set as well, and sees only afterwards that no order will do.
        (Some(_), Err(words)) if words.contains("NEW packages will be installed") => Ok(()),
        (ours, theirs) => Err(format!("{asked:?}\nwe: {ours:?}\napt: {theirs:?}\n{text}")),
    }
}

#[test]
fn small_worlds_come_out_as_with_apt() {
    let strategy = (
        prop::collection::vec(stanza(), 1..12),
        prop::collection::vec(name(), 1..3),
    );
    let mut runner = TestRunner::deterministic();
    let mut differences = Vec::new();
    for _ in 0..60 {
        let tree = strategy.new_tree(&mut runner).expect("a world");
        let (mut stanzas, asked) = tree.current();
        tidy(&mut stanzas);
        if let Err(difference) = compare_with_apt(&stanzas, &asked) {
            differences.push(difference);
        }
    }
    assert!(
        differences.is_empty(),
        "{} not as apt:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
