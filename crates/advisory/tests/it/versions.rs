//! Orders of versions against the tools that define them. dpkg's is tested in `core`.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use goldsmith_advisory::version::compare;
use goldsmith_core::inventory::Ecosystem;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// Pairs that a strategy makes, always the same.
fn pairs(strategy: &BoxedStrategy<String>, count: usize) -> Vec<(String, String)> {
    let mut runner = TestRunner::deterministic();
    let mut one = || strategy.new_tree(&mut runner).expect("a value").current();
    (0..count).map(|_| (one(), one())).collect()
}

/// Feeds lines to a program and gives its lines.
fn run(program: &str, arguments: &[&str], input: &str) -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "the tool is the oracle")]
    let mut child = std::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("this test needs `{program}`: {e}"));
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it writes").expect("all of it");
    assert!(output.status.success(), "{program}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(str::to_owned).collect()
}

/// Holds our order against one answer (`-1`, `0`, `1`, or `x`: no version) a line.
fn check(ecosystem: Ecosystem, pairs: &[(String, String)], answers: &[String], wanted: usize) {
    assert_eq!(pairs.len(), answers.len());
    let mut compared = 0;
    for ((a, b), answer) in pairs.iter().zip(answers) {
        let expected = match answer.as_str() {
            "-1" => Ordering::Less,
            "0" => Ordering::Equal,
            "1" => Ordering::Greater,
            _ => continue,
        };
        compared += 1;
        assert_eq!(compare(ecosystem, a, b), expected, "{ecosystem} {a} {b}");
    }
    assert!(compared >= wanted, "only {compared} pairs were versions");
}

#[test]
fn as_rpm_does() {
    let strategy = "[0-9]{1,2}[0-9a-c.~^+_]{0,7}".boxed();
    let pairs = pairs(&strategy, 3000);
    let mut program = String::from("%{lua:");
    for (a, b) in &pairs {
        write!(program, "print(rpm.vercmp('{a}','{b}')..'\\n') ").unwrap();
    }
    program.push('}');
    let answers = run("rpm", &["--eval", &program], "");
    let answers: Vec<String> = answers
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect();
    check(Ecosystem::Rpm, &pairs, &answers, 3000);
}

const PYTHON: &str = "
import sys
sys.path.insert(0, '/usr/lib/python3/dist-packages')
from packaging.version import Version, InvalidVersion
for line in sys.stdin:
    a, b = line.rstrip('\\n').split('\\t')
    try:
        a, b = Version(a), Version(b)
    except InvalidVersion:
        print('x')
        continue
    print((a > b) - (a < b))
";

#[test]
fn as_packaging_does() {
    let strategy = "([01]!)?[0-2]{1,2}(\\.[0-2]){0,2}[-_.]?((a|b|c|rc|alpha|pre)[-_.]?[0-2]?)?(\\.?post[0-2]?|-[0-2])?(\\.dev[0-2]?)?(\\+[a-b0-2]{1,2}(\\.[a-b0-2])?)?".boxed();
    let pairs = pairs(&strategy, 6000);
    let input: String = pairs.iter().map(|(a, b)| format!("{a}\t{b}\n")).collect();
    let answers = run("/usr/bin/python3", &["-c", PYTHON], &input);
    check(Ecosystem::Python, &pairs, &answers, 1000);
}

const SEMVER: &str = "
import sys
sys.path.insert(0, '/usr/lib/python3/dist-packages')
import semver
for line in sys.stdin:
    a, b = line.rstrip('\\n').split('\\t')
    try:
        print(semver.VersionInfo.parse(a).compare(b))
    except ValueError:
        print('x')
";

#[test]
fn as_semver_does() {
    let strategy =
        "[0-2]\\.[0-2]\\.[0-9]{1,2}(-[0-9a-b]{1,2}(\\.[0-9a-b-]{1,2}){0,2})?(\\+[a-b])?".boxed();
    let pairs = pairs(&strategy, 4000);
    let input: String = pairs.iter().map(|(a, b)| format!("{a}\t{b}\n")).collect();
    let answers = run("/usr/bin/python3", &["-c", SEMVER], &input);
    check(Ecosystem::Npm, &pairs, &answers, 1000);
    check(Ecosystem::Cargo, &pairs, &answers, 1000);
}
