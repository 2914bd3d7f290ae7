//! `goldsmith init`: a new project that builds.

use std::fs;
use std::path::PathBuf;

use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;

/// Make a new project that builds: a web server image
///
/// Example: goldsmith init shop && cd shop && goldsmith build
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of the project; made when it does not exist
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let root = app.directory.join(&args.folder);
    let name = root.canonicalize().unwrap_or_else(|_| root.clone());
    let name = name.file_name().map_or_else(
        || "project".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let files = goldsmith_lang::scaffold(&name);
    // All are looked at before the first is written: a project is not half made.
    if let Some((path, _)) = files.iter().find(|(path, _)| root.join(path).exists()) {
        return Err(
            CmdError::usage(format!("`{}` exists", root.join(path).display()))
                .hint("choose another folder; nothing was written"),
        );
    }
    for (path, text) in &files {
        let target = root.join(path);
        let folder = target.parent().unwrap_or(&root);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&target, text))
            .map_err(|e| CmdError::io(format!("cannot write `{}`", target.display()), &e))?;
    }
    let listed: Vec<String> = files
        .iter()
        .map(|(path, _)| args.folder.join(path).display().to_string())
        .collect();
    let mut text: String = listed.iter().map(|path| format!("{path}\n")).collect();
    text.push_str("\nnext: `goldsmith build`, then `goldsmith test web`\n");
    app.output
        .result(&text, || serde_json::json!({ "written": listed }));
    Ok(Outcome::Done)
}
