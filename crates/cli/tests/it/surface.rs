//! What a person meets first: help, mistakes on the command line, an empty home.

use crate::env::TestEnv;

#[test]
fn help_names_the_commands_and_exit_codes() {
    let help = TestEnv::new().run(&["--help"]).expect(0).stdout;
    for word in [
        "init",
        "validate",
        "lock",
        "build",
        "test",
        "doctor",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
}

#[test]
fn mistakes_are_usage() {
    let env = TestEnv::new();
    let mistyped = env.run(&["biuld"]).expect(2);
    assert!(mistyped.stderr.contains("build"), "{}", mistyped.stderr);
    env.run(&["show", "nothing"]).expect(2);
    env.run(&["export", "../../etc/passwd"]).expect(2);
}

#[test]
fn an_empty_home_has_no_images() {
    let env = TestEnv::new();
    let listed = env.run(&["images", "--json"]).expect(0);
    assert_eq!(listed.json()["images"], serde_json::json!([]));
    assert_eq!(env.run(&["images"]).expect(0).stdout, "");
    assert!(!env.home().exists(), "looking made a home");
}
