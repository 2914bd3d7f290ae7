//! The command line: what can be said, and who does it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::app::App;
use crate::cmd;
use crate::report::CmdError;

/// Golden images from a recipe kept in Git: built, cleaned, tested, the same bytes every time.
#[derive(Debug, Parser)]
#[command(
    name = "goldsmith",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    propagate_version = true
)]
#[command(
    after_help = "Start with `goldsmith init`, then `goldsmith build`.\n\nExit codes: 0 ok, 1 bug, 2 usage, 3 configuration, 4 lock stale, 5 policy said no, 6 test failed,\n7 this host lacks something, 8 the remote side failed, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Work on the project in this folder instead of the current one
    #[arg(
        short = 'C',
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Everywhere"
    )]
    pub(crate) directory: Option<PathBuf>,
    /// Print the result as JSON on standard output and progress as JSON lines on standard error
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// Say nothing but results, warnings and failures
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
    /// Say more: also what the packages' own scripts print
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub(crate) verbose: u8,
}

/// Values for the variables of a project.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Variables {
    /// Set a variable; also written `-var NAME=VALUE`
    #[arg(long = "var", value_name = "NAME=VALUE", help_heading = "Variables")]
    pub(crate) var: Vec<String>,
    /// Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`
    #[arg(long = "var-file", value_name = "FILE", help_heading = "Variables")]
    pub(crate) var_file: Vec<PathBuf>,
}

/// One command each; its file is `cmd/<name>.rs`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(cmd::init::Args),
    Validate(cmd::validate::Args),
    Fmt(cmd::fmt::Args),
    Lock(cmd::lock::Args),
    Plan(cmd::plan::Args),
    Build(cmd::build::Args),
    Test(cmd::test::Args),
    Run(cmd::run::Args),
    Approve(cmd::approve::Args),
    Reject(cmd::approve::RejectArgs),
    Answer(cmd::answer::Args),
    Verify(cmd::verify::Args),
    Assess(cmd::assess::Args),
    Audit(Box<cmd::audit::Args>),
    #[command(subcommand)]
    Schedule(cmd::schedule::Command),
    #[command(subcommand)]
    Lifecycle(cmd::lifecycle::Command),
    Serve(cmd::serve::Args),
    Images(cmd::images::Args),
    Show(cmd::show::Args),
    History(cmd::history::Args),
    Tag(cmd::tag::Args),
    Promote(cmd::promote::Args),
    Rollback(cmd::rollback::Args),
    Resolve(cmd::resolve::Args),
    Runs(cmd::runs::Args),
    Scan(Box<cmd::scan::Args>),
    Diff(cmd::diff::Args),
    Export(cmd::export::Args),
    #[command(subcommand)]
    Component(cmd::component::Command),
    #[command(subcommand)]
    Import(cmd::import::Command),
    #[command(subcommand)]
    Feed(cmd::feed::Command),
    Awstoe(cmd::awstoe::Args),
    #[command(subcommand)]
    Catalog(cmd::catalog::Command),
    AuditLog(cmd::audit_log::Args),
    Doctor(cmd::doctor::Args),
    Gc(cmd::gc::Args),
    #[command(hide = true)]
    Rebuild(cmd::rebuild::Args),
    #[command(hide = true)]
    Bury(cmd::bury::Args),
    #[command(hide = true)]
    GenerateReference(cmd::generate_reference::Args),
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Done,
    /// The command did its work, and the answer is no: the exit code says of what kind.
    No(goldsmith_core::failure::Class),
    /// The exit code is one that other programs wait for.
    Exit(u8),
}

impl Command {
    /// Whether it makes or removes trees, whose files belong to many users: root's work, or that
    /// of an ordinary user in a namespace of users.
    pub(crate) fn makes_trees(&self) -> bool {
        match self {
            Self::Build(_)
            | Self::Run(_)
            | Self::Serve(_)
            | Self::Plan(_)
            | Self::Diff(_)
            | Self::Gc(_)
            | Self::Doctor(_)
            | Self::Bury(_) => true,
            Self::Component(command) => command.makes_trees(),
            _ => false,
        }
    }

    pub(crate) fn run(&self, app: &App) -> Result<Outcome, CmdError> {
        match self {
            Self::Init(args) => cmd::init::run(args, app),
            Self::Validate(args) => cmd::validate::run(args, app),
            Self::Fmt(args) => cmd::fmt::run(args, app),
            Self::Lock(args) => cmd::lock::run(args, app),
            Self::Plan(args) => cmd::plan::run(args, app),
            Self::Build(args) => cmd::build::run(args, app),
            Self::Test(args) => cmd::test::run(args, app),
            Self::Run(args) => cmd::run::run(args, app),
            Self::Approve(args) => cmd::approve::run(args, app),
            Self::Reject(args) => cmd::approve::reject(args, app),
            Self::Answer(args) => cmd::answer::run(args, app),
            Self::Verify(args) => cmd::verify::run(args, app),
            Self::Assess(args) => cmd::assess::run(args, app),
            Self::Audit(args) => cmd::audit::run(args, app),
            Self::Schedule(command) => cmd::schedule::run(command, app),
            Self::Lifecycle(command) => cmd::lifecycle::run(command, app),
            Self::Serve(args) => cmd::serve::run(args, app),
            Self::Images(args) => cmd::images::run(args, app),
            Self::Show(args) => cmd::show::run(args, app),
            Self::History(args) => cmd::history::run(args, app),
            Self::Tag(args) => cmd::tag::run(args, app),
            Self::Promote(args) => cmd::promote::run(args, app),
            Self::Rollback(args) => cmd::rollback::run(args, app),
            Self::Resolve(args) => cmd::resolve::run(args, app),
            Self::Runs(args) => cmd::runs::run(args, app),
            Self::Scan(args) => cmd::scan::run(args, app),
            Self::Diff(args) => cmd::diff::run(args, app),
            Self::Export(args) => cmd::export::run(args, app),
            Self::Component(command) => cmd::component::run(command, app),
            Self::Import(command) => cmd::import::run(command, app),
            Self::Feed(command) => cmd::feed::run(command, app),
            Self::Awstoe(args) => cmd::awstoe::run(args, app),
            Self::Catalog(command) => cmd::catalog::run(command, app),
            Self::AuditLog(args) => cmd::audit_log::run(args, app),
            Self::Doctor(args) => cmd::doctor::run(args, app),
            Self::Gc(args) => cmd::gc::run(args, app),
            Self::Rebuild(args) => cmd::rebuild::run(args, app),
            Self::Bury(args) => cmd::bury::run(args, app),
            Self::GenerateReference(args) => cmd::generate_reference::run(args, app),
        }
    }
}
