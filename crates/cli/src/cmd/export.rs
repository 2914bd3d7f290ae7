//! `goldsmith export`: hand an image's disk over.

use std::fmt::Write as _;
use std::fs::File;
use std::io::IsTerminal as _;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser};
use goldsmith_build::export::{Exported, to_file, to_stream};
use goldsmith_build::record::Image;
use goldsmith_core::size::format_bytes;
use goldsmith_disk::fmt::{self, Format};

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::report::CmdError;

/// Write the disk of an image in the form that a cloud or a hypervisor takes
///
/// The disk is checked on the way: one that is not what its record says is not handed over. A
/// file comes into being whole or not at all. The same image gives the same bytes each time.
///
/// Example: goldsmith export web@1.4.0 --output web.ova
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `web`, `web@1.4.0` or `web@1.4.0/2`; the newest that fits
    image: String,
    /// Form of the disk; by the name of the file when not given, else `raw`. Several with commas
    #[arg(long, value_delimiter = ',', value_parser = formats())]
    format: Vec<String>,
    /// Where to write it: a file, a folder, or `-` for standard output; `<name>-<version>-<build>`
    /// with the form's ending in the current folder when not given
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that exists
    #[arg(long)]
    force: bool,
}

fn formats() -> PossibleValuesParser {
    let value = |format: &&'static Format| PossibleValue::new(format.name).help(format.summary);
    PossibleValuesParser::new(fmt::all().iter().map(value))
}

/// Where a form goes.
enum Target {
    File(PathBuf),
    Stdout,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let image = catalog::find(app, &args.image)?;
    image.disk()?;
    let targets = targets(args, &image, &app.env.working_directory)?;
    let mut text = String::new();
    let mut exports = Vec::new();
    let mut is_beside = false;
    for (format, target) in targets {
        let (name, written) = match target {
            Target::File(path) => {
                let written = to_file(&app.cx, &image, format, &path, args.force)?;
                (path.display().to_string(), written)
            }
            Target::Stdout => {
                is_beside = true;
                let written = to_stream(&app.cx, &image, format, &mut stdout()?)?;
                ("-".to_owned(), written)
            }
        };
        describe(&mut text, &name, format, &written);
        exports.push(serde_json::json!({ "file": name, "format": format.name,
            "size_bytes": written.size_bytes, "allocated_bytes": written.allocated_bytes,
            "sha256": written.sha256, "digest": written.digest }));
    }
    let json = || serde_json::json!({ "image": image.title(), "exports": exports });
    if is_beside {
        app.output.result_beside(&text, json);
    } else {
        app.output.result(&text, json);
    }
    Ok(Outcome::Done)
}

fn describe(text: &mut String, name: &str, format: &Format, written: &Exported) {
    let sizes = format!(
        "{} ({} on disk)",
        format_bytes(written.size_bytes),
        format_bytes(written.allocated_bytes)
    );
    let _ = writeln!(text, "{name}  {}, {sizes}", format.name);
    if let Some(sha256) = written.sha256 {
        let _ = writeln!(text, "  sha256       {sha256}");
    }
    let _ = writeln!(text, "  disk digest  {}", written.digest);
}

/// What goes where.
fn targets(
    args: &Args,
    image: &Image,
    current: &Path,
) -> Result<Vec<(&'static Format, Target)>, CmdError> {
    let named = |name: &String| Format::named(name).expect("the command line takes no other");
    let mut formats: Vec<&'static Format> = Vec::new();
    for format in args.format.iter().map(named) {
        if formats.iter().all(|known| known.name != format.name) {
            formats.push(format);
        }
    }
    let output = args.output.as_deref();
    let is_stdout = output.is_some_and(|path| path == "-");
    let path = current.join(output.unwrap_or(Path::new("")));
    let is_folder = output.is_none_or(|_| path.is_dir());
    let is_file = !is_stdout && !is_folder;
    if formats.is_empty() {
        formats.push(if is_file {
            by_name(&path)?
        } else {
            named(&"raw".to_owned())
        });
    }
    if let [_, other, ..] = formats[..]
        && !is_folder
    {
        return Err(CmdError::usage(format!(
            "`--output` names one file, but `{}` is asked for as well",
            other.name
        ))
        .hint("with several forms `--output` is a folder that exists"));
    }
    let record = &image.record;
    let name = format!("{}-{}-{}", record.name, record.version, record.build);
    let target = |format: &'static Format| {
        let target = if is_stdout {
            Target::Stdout
        } else if is_folder {
            Target::File(path.join(format!("{name}{}", format.endings[0])))
        } else {
            Target::File(path.clone())
        };
        (format, target)
    };
    Ok(formats.into_iter().map(target).collect())
}

fn by_name(path: &Path) -> Result<&'static Format, CmdError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Format::of_file(&name).ok_or_else(|| {
        let endings: Vec<&str> = fmt::all().iter().map(|format| format.endings[0]).collect();
        CmdError::usage(format!(
            "the name `{name}` does not say which form the disk should have"
        ))
        .hint(format!(
            "`--format` says it, or a name that ends in {}",
            endings.join(", ")
        ))
    })
}

/// Standard output without the buffer that ends lines.
fn stdout() -> Result<File, CmdError> {
    let stdout = std::io::stdout();
    if stdout.is_terminal() {
        return Err(CmdError::usage("a disk is no text for a terminal")
            .hint("send standard output to a program or a file, or name a file by `--output`"));
    }
    let descriptor = stdout.as_fd().try_clone_to_owned();
    let descriptor = descriptor.map_err(|e| CmdError::io("cannot use standard output", &e))?;
    Ok(File::from(descriptor))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use goldsmith_disk::fmt;

    /// A distribution hands a disk over in whatever form `export` has.
    #[test]
    fn distributions_have_every_form() {
        let schema = goldsmith_lang::schema::json_schema();
        let target = "/properties/distribution/additionalProperties/oneOf/0/properties/target";
        let body = "/properties/local/additionalProperties/oneOf/0/properties/formats";
        let words = schema.pointer(&format!("{target}{body}/anyOf/0/items/enum"));
        let words = words.and_then(|words| words.as_array()).unwrap();
        let words: BTreeSet<&str> = words.iter().filter_map(|word| word.as_str()).collect();
        let forms: BTreeSet<&str> = fmt::all().iter().map(|form| form.name).collect();
        assert_eq!(words, forms);
    }
}
