//! Layers through the command line: where a build begins, what it says of it, and what two images
//! have in common.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::env::{Ran, TestEnv};
use crate::fixture;

const DOCUMENT: &str = "components/nginx.yaml";

/// Changes the document and locks it.
fn edit(env: &TestEnv, from: &str, to: &str) {
    let text = env.read(DOCUMENT);
    assert!(text.contains(from), "{text}");
    // Written anew: the copy of the fixture is a link.
    fs::remove_file(env.project().join(DOCUMENT)).unwrap();
    env.write(DOCUMENT, text.replace(from, to));
    env.run(&["lock"]).expect(0);
}

/// The steps of an image that was just built, with whether each was kept.
fn kept(built: &Ran) -> Vec<(String, bool)> {
    let steps = built.json()["image"]["steps"].clone();
    let steps = steps.as_array().unwrap().iter();
    steps
        .map(|step| {
            let name = step["step"].as_str().unwrap().to_owned();
            (name, step["kept"].as_bool().unwrap())
        })
        .collect()
}

fn is_kept(names: [&str; 3], flags: [bool; 3]) -> Vec<(String, bool)> {
    names.map(str::to_owned).into_iter().zip(flags).collect()
}

const STEPS: [&str; 3] = ["Page", "Configure", "Syntax"];

#[test]
fn a_build_begins_where_it_has_to() {
    let env = fixture::with_packages();
    let build = |more: &[&str]| {
        let words = [&["build", "web", "--offline", "--json"], more].concat();
        env.run(&words)
    };
    edit(&env, "nginx -t", "nginx -t && test -e /srv/fixed");
    // Nobody could type there.
    let refused = build(&["--debug"]).expect(2);
    assert!(refused.stderr.contains("no terminal"), "{}", refused.stderr);
    build(&[]).expect(3);
    let shell = debug(&env);
    assert!(shell.contains("validate/Syntax failed"), "{shell}");
    assert!(shell.contains("answer 42"), "{shell}");

    // The steps before it are kept, also by a collection.
    env.run(&["gc", "--unused-for", "0s"]).expect(0);
    edit(&env, " && test -e /srv/fixed", "");
    let plan = env
        .run(&["plan", "web", "--explain", "--json"])
        .expect(0)
        .json();
    let layers = plan["recipes"][0]["layers"].as_array().unwrap().clone();
    let states: Vec<_> = layers
        .iter()
        .map(|l| l["kept"].as_bool().unwrap())
        .collect();
    assert_eq!(states, [true, true, true, true, true, true, false]);
    assert_eq!(layers[6]["because"], "new");
    let built = build(&[]).expect(0);
    assert_eq!(kept(&built), is_kept(STEPS, [true, true, false]));

    // One line of the last component.
    edit(&env, "server_tokens off;", "server_tokens off; # changed");
    let plan = env.run(&["plan", "web", "--explain"]).expect(0).stdout;
    let expected = "-   server_tokens off;\n            +   server_tokens off; # changed\n";
    assert!(plan.contains(expected), "{plan}");
    let built = build(&[]).expect(0);
    assert_eq!(kept(&built), is_kept(STEPS, [true, false, false]));
    differences(&env);

    let again = build(&["--from", "build/conf"]).expect(0);
    assert_eq!(kept(&again), is_kept(STEPS, [true, false, false]));
    let unknown = build(&["--from", "nothing"]).expect(2);
    assert!(
        unknown.stderr.contains("validate/Syntax"),
        "{}",
        unknown.stderr
    );
    env.run(&["doctor", "--store"]).expect(0);

    // A step that is another every time.
    edit(&env, "systemctl enable nginx", "date +%s%N > /srv/moment");
    let checked = build(&["--check-reproducible"]).expect(6).json();
    let round = &checked["reproducible"]["rounds"][0];
    let found = &round["difference"];
    assert_eq!(found["layer"], "./components/nginx.yaml build/Configure");
    assert_eq!(found["path"], "/srv/moment");
    assert_eq!(found["files"], 1, "and nothing else: {found}");
    assert!(found["at"].as_u64().unwrap() > 3, "{found}");
}

/// What the shell shows after a failed step, by someone who types into it.
#[expect(
    clippy::disallowed_methods,
    reason = "a terminal is made by a program that is one"
)]
fn debug(env: &TestEnv) -> String {
    let template = env.command(&[]);
    let mut command = std::process::Command::new("script");
    let line = format!(
        "{} build web --offline --debug",
        env!("CARGO_BIN_EXE_goldsmith")
    );
    command
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(env.project())
        .env_clear()
        .env("TERM", "dumb")
        .envs(
            template
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut terminal = command.spawn().expect("`script` of package `bsdutils`");
    let mut keys = terminal.stdin.take().unwrap();
    // The terminal keeps what is typed until the shell asks for it.
    keys.write_all(b"test -e /etc/nginx/sites-enabled/golden && echo answer $((6 * 7)); exit\n")
        .unwrap();
    let output = terminal.wait_with_output().unwrap();
    drop(keys);
    assert_eq!(output.status.code(), Some(3));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn differences(env: &TestEnv) {
    let blocks = env.run(&["diff", "web@1.0.0", "web", "--blocks", "--json"]);
    let blocks = blocks.expect(0).json();
    let share = blocks["share"].as_f64().unwrap();
    assert!(share > 0.0 && share <= 0.01, "{blocks}");
    let page = env.project().join("diff.html");
    let words = ["diff", "web@1.0.0", "web", "--json", "--html", "diff.html"];
    let diff = env.run(&words).expect(0).json();
    let changed = diff["files"]["changed"].as_array().unwrap();
    assert_eq!(changed.len(), 1, "{diff}");
    assert_eq!(
        changed[0]["new"]["path"],
        "/etc/nginx/sites-available/golden"
    );
    assert_eq!(
        diff["configuration"][0]["hunks"][0]["lines"][3][1],
        "  server_tokens off; # changed"
    );
    assert!(fs::read_to_string(page).unwrap().contains("# changed"));
    let unknown = env.run(&["diff", "web@1.0.0", "web@9.9.9"]).expect(2);
    assert!(unknown.stderr.contains("web 1.0.1/1"), "{}", unknown.stderr);
}
