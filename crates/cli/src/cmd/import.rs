//! `goldsmith import`: other tools' descriptions of images as a project.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;

use goldsmith_component::library;
use goldsmith_import::Input;

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Turn another tool's description of images into a project
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Resources of EC2 Image Builder
    ///
    /// Reads JSON: what `aws imagebuilder get-image-recipe` and its kin print, `CloudFormation`
    /// templates, `*.tf.json` and `terraform show -json`. Writes the recipe and the documents
    /// of components, and lists what has no counterpart: nothing is dropped in silence.
    ///
    /// Example: goldsmith import image-builder recipe.json component.json --output web
    #[command(name = "image-builder")]
    ImageBuilder(Args),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// JSON files; `-` reads the standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Folder of the project; made when it does not exist
    #[arg(long, short, default_value = ".")]
    output: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(command: &Command, app: &App) -> Result<Outcome, CmdError> {
    let Command::ImageBuilder(args) = command;
    let inputs = args
        .files
        .iter()
        .map(|path| read(app, path))
        .collect::<Result<Vec<_>, _>>()?;
    let known: Vec<&str> = library::ALL
        .iter()
        .map(|component| component.name)
        .collect();
    let imported = goldsmith_import::image_builder(&inputs, &known)?;
    let root = app.directory.join(&args.output);
    let target = |path: &str| root.join(path);
    // All are looked at before the first is written: a project is not half made.
    if let Some(path) = imported.files.keys().find(|path| target(path).exists())
        && !args.force
    {
        let message = format!("`{}` exists", target(path).display());
        return Err(CmdError::usage(message)
            .hint("choose another folder with `--output`, or replace it with `--force`"));
    }
    for (path, text) in &imported.files {
        let target = target(path);
        let folder = target.parent().unwrap_or(&root);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&target, text))
            .map_err(|e| CmdError::io(format!("cannot write `{}`", target.display()), &e))?;
    }
    let written: Vec<String> = imported
        .files
        .keys()
        .map(|path| args.output.join(path).display().to_string())
        .collect();
    let mut text = imported.report.text();
    text.push_str("\nwritten:\n");
    for path in &written {
        text.push_str(&format!("  {path}\n"));
    }
    text.push_str(
        "\nnext: `goldsmith validate` there, then go through what was not carried over\n",
    );
    app.output.result(
        &text,
        || serde_json::json!({ "written": written, "report": imported.report }),
    );
    Ok(Outcome::Done)
}

fn read(app: &App, path: &std::path::Path) -> Result<Input, CmdError> {
    let name = path.display().to_string();
    let failed = |e: std::io::Error| CmdError::io(format!("cannot read `{name}`"), &e);
    let mut bytes = Vec::new();
    if name == "-" {
        std::io::stdin().read_to_end(&mut bytes).map_err(failed)?;
    } else {
        bytes = fs::read(app.directory.join(path)).map_err(failed)?;
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| CmdError::config(format!("`{name}` is not UTF-8 text")))?;
    Ok(Input { name, text })
}
