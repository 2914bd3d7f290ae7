//! `goldsmith generate-reference` (hidden): writes every page that is generated from the program
//! itself, for `cargo xtask gen`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use goldsmith_component::library;
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageState;
use goldsmith_inspect::harden::Profile;

use crate::app::App;
use crate::args::{Cli, Outcome};
use crate::cmd;
use crate::env::VARIABLES;
use crate::report::CmdError;

/// Write the generated reference: pages, man pages, completions, JSON Schema
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to write
    directory: PathBuf,
}

/// Said at the top of each page.
const MARK: &str = "<!-- Written by `cargo xtask gen`; change the program instead. -->\n\n";

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let root = app.env.working_directory.join(&args.directory);
    write(&root.join("cli.md"), cli_page().as_bytes())?;
    write(&root.join("exit-codes.md"), exit_codes().as_bytes())?;
    write(&root.join("environment.md"), environment().as_bytes())?;
    write(
        &root.join("configuration.md"),
        format!("{MARK}{}", goldsmith_lang::schema::reference_page()).as_bytes(),
    )?;
    let schema = goldsmith_lang::schema::json_schema();
    write(
        &root.join("schema/goldsmith.schema.json"),
        format!("{schema:#}\n").as_bytes(),
    )?;
    write(&root.join("sanitize-rules.md"), sanitize_rules().as_bytes())?;
    write(&root.join("components.md"), components().as_bytes())?;
    write(&root.join("secret-detectors.md"), detectors().as_bytes())?;
    write(&root.join("hardening-checks.md"), checks().as_bytes())?;
    write(&root.join("image-states.md"), image_states().as_bytes())?;
    man_pages(&root.join("man"))?;
    completions(&root.join("completions"))?;
    Ok(Outcome::Done)
}

fn cli_page() -> String {
    let mut page = format!("{MARK}# Command line\n");
    for command in programs() {
        let mut command = command.term_width(100);
        command.build();
        section(&mut page, &mut command);
    }
    page
}

/// This program by each of its names.
fn programs() -> [clap::Command; 2] {
    [Cli::command(), cmd::awstoe::command()]
}

/// One command, then those below it.
fn section(page: &mut String, command: &mut clap::Command) {
    let name = command
        .get_bin_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned();
    let help = command.render_long_help().to_string();
    let trimmed: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(
        page,
        "\n## `{name}`\n\n```text\n{}\n```\n",
        trimmed.join("\n").trim_end()
    );
    for below in command
        .get_subcommands_mut()
        .filter(|c| !c.is_hide_set() && c.get_name() != "help")
    {
        section(page, below);
    }
}

fn exit_codes() -> String {
    let mut page = format!(
        "{MARK}# Exit codes\n\n| code | class | meaning |\n|---|---|---|\n| 0 | | it went well |\n"
    );
    for class in Class::ALL {
        let _ = writeln!(
            page,
            "| {} | {} | {} |",
            class.exit_code(),
            format!("{class:?}").to_lowercase(),
            class.summary()
        );
    }
    let _ = writeln!(
        page,
        "| {} | | `component run`, `awstoe run`: reboot this machine, then give the same command again |\n\n\
         `goldsmith awstoe` has 0, 1 for whatever did not go well, and {0}.",
        crate::execution::REBOOT
    );
    page
}

fn environment() -> String {
    let mut page = format!("{MARK}# Environment\n\n| variable | meaning |\n|---|---|\n");
    for variable in VARIABLES {
        let _ = writeln!(page, "| `{}` | {} |", variable.name, variable.summary);
    }
    page
}

fn image_states() -> String {
    let mut page = format!(
        "{MARK}# States of an image\n\nWhat a channel names and `resolve` hands out is usable.\n\n\
         | state | usable | meaning | may become |\n|---|---|---|---|\n"
    );
    for state in ImageState::ALL {
        let next: Vec<&str> = state.next().iter().map(|next| next.name()).collect();
        let usable = if state.is_usable() { "yes" } else { "" };
        let _ = writeln!(
            page,
            "| {} | {usable} | {} | {} |",
            state.name(),
            state.summary(),
            next.join(", ")
        );
    }
    page
}

fn sanitize_rules() -> String {
    let mut page = format!(
        "{MARK}# Sanitize rules\n\nWhat is taken out of a tree before it becomes a disk, and looked for again on the finished disk.\n\n\
         | rule | what | references |\n|---|---|---|\n"
    );
    for record in goldsmith_inspect::sanitize::rules() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            record.id,
            record.summary,
            record.references.join(", ")
        );
    }
    page
}

/// Parameters without a default must be given.
fn components() -> String {
    let mut page = format!(
        "{MARK}# Components\n\nWhat ships with Goldsmith. A recipe names a component as it is called here; `goldsmith component show` prints \
         its document.\n\nOn Debian 12 every one is built in the tests, and those of `examples/hardened` are booted. For the other \
         distributions that a component knows it is checked, not run.\n"
    );
    for component in library::ALL {
        let document = component.document();
        let about = component.page.lines().skip(2).collect::<Vec<_>>();
        let list = |items: Vec<&str>| items.join(", ");
        let _ = write!(
            page,
            "\n## `{}` {}\n\n{}\n\nKnows {}.",
            component.name,
            component.version(),
            about.join("\n").trim_end(),
            list(component.distributions().collect())
        );
        let packages = library::packages([component.name]);
        if !packages.is_empty() {
            let packages = list(packages.into_iter().collect());
            let _ = write!(page, " Locks {packages}.");
        }
        page.push('\n');
        let parameters: Vec<_> = document.parameters().collect();
        if !parameters.is_empty() {
            page.push_str("\n| parameter | default | what it is |\n|---|---|---|\n");
        }
        for one in parameters {
            let default = match one.default {
                None => "must be given".to_owned(),
                Some("") => String::new(),
                Some(text) => format!("`{text}`"),
            };
            let _ = writeln!(page, "| `{}` | {default} | {} |", one.name, one.description);
        }
    }
    page
}

fn detectors() -> String {
    let mut page = format!(
        "{MARK}# Secret detectors\n\nWhat `goldsmith scan` and the rule `secrets` look for, in every file that no package brought as it is, in archives and in unused blocks.\n\n\
         | detector | what | severity |\n|---|---|---|\n"
    );
    for record in goldsmith_inspect::secret::detector::all() {
        let (id, title, severity) = (record.id, record.title, record.severity);
        let _ = writeln!(page, "| `{id}` | {title} | {severity} |");
    }
    page
}

fn checks() -> String {
    let mut page = format!(
        "{MARK}# Hardening checks\n\nWhat `goldsmith scan --profile` holds an image to, by the effective settings on its disk. Numbers say where benchmarks ask for the same; the words are ours.\n"
    );
    for record in goldsmith_inspect::harden::check::all() {
        let profiles = Profile::ALL.into_iter().filter(|one| record.is_in(*one));
        let profiles: Vec<&str> = profiles.map(Profile::word).collect();
        let _ = write!(
            page,
            "\n## {}\n\n{}: {}. To mend it: {}.\n\n`{}`, {}",
            record.id,
            record.title,
            record.rationale,
            record.remediation,
            profiles.join("`, `"),
            record.severity
        );
        let references = record.references.texts();
        if !references.is_empty() {
            let _ = write!(page, "; {}", references.join(", "));
        }
        page.push('\n');
    }
    page.push_str(
        "\n# Checks of a running machine\n\nWhat `goldsmith test` asks the booted guest when the `scan` block of the pipeline names a profile. A shell command each, for root; it passes when the command ends with 0.\n",
    );
    for record in goldsmith_inspect::harden::guest::GUEST_CHECKS {
        let profiles: Vec<&str> = record.profiles.iter().map(|one| one.word()).collect();
        let _ = write!(
            page,
            "\n## {}\n\n{}; {}. To mend it: {}.\n\n`{}`, {}\n\n```sh\n{}\n```\n",
            record.id,
            record.title,
            record.references.join(", "),
            record.remediation,
            profiles.join("`, `"),
            record.severity,
            record.command
        );
    }
    page
}

fn man_pages(folder: &Path) -> Result<(), CmdError> {
    // No date: the pages are a function of the program alone.
    let mut waiting = programs().to_vec();
    waiting.iter_mut().for_each(clap::Command::build);
    while let Some(command) = waiting.pop() {
        let name = command
            .get_bin_name()
            .unwrap_or_else(|| command.get_name())
            .replace(' ', "-");
        waiting.extend(
            command
                .get_subcommands()
                .filter(|c| !c.is_hide_set() && c.get_name() != "help")
                .cloned(),
        );
        let mut page = Vec::new();
        let command = command.name(name.clone());
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|e| CmdError::io(format!("cannot render the page of `{name}`"), &e))?;
        write(&folder.join(format!("{name}.1")), &page)?;
    }
    Ok(())
}

fn completions(folder: &Path) -> Result<(), CmdError> {
    use clap_complete::Shell;
    for (shell, file) in [
        (Shell::Bash, "goldsmith.bash"),
        (Shell::Zsh, "_goldsmith"),
        (Shell::Fish, "goldsmith.fish"),
    ] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "goldsmith", &mut text);
        write(&folder.join(file), &text)?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CmdError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, bytes))
        .map_err(|e| CmdError::io(format!("cannot write `{}`", path.display()), &e))
}
