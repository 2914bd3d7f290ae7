//! A tree to try documents in: made as the tree of an image is, of the same layers, and gone with
//! its owner. Nothing that is done in it is kept.

use goldsmith_component::machine::{
    Attributes, Exit, Machine as _, MachineError, Root, Rooted, Script, Tree,
};
use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::event::Stream;
use goldsmith_core::recipe::{DebianSource, Variant};
use goldsmith_exec::ns::Sandbox;
use goldsmith_plan::lock::Section;
use goldsmith_store::{Scratch, Store};

use crate::image::{self, BuildError};
use crate::layer::{Anew, Stack};
use crate::record::Image;

/// A tree without a kernel or anything else that only a machine needs: the smallest that apt
/// works in, and these packages.
pub fn debian(suite: &str, arch: &str, packages: &[String]) -> DebianSource {
    DebianSource {
        name: suite.to_owned(),
        span: Span::new(&SourceFile::new("(command line)", ""), 0..0),
        mirror: None,
        security_mirror: None,
        suite: suite.to_owned(),
        updates: true,
        security: true,
        components: vec!["main".to_owned()],
        arch: arch.to_owned(),
        variant: Variant::Minbase,
        packages: packages.to_vec(),
        keyring: None,
        check_valid_until: true,
    }
}

/// What a tree needs to use the network of the host.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// The host's `/etc/resolv.conf`.
    pub resolv_conf: Vec<u8>,
    /// Where apt of the tree gets packages from: a source with its mirrors.
    pub source: Option<DebianSource>,
}

/// A tree to try documents in.
#[derive(Debug)]
pub struct Trial {
    // Before the directory it is mounted over.
    sandbox: Sandbox,
    _scratch: Scratch,
    // Nobody collects the layers while the store is open.
    _store: Store,
}

impl Trial {
    /// Of the packages of a section, all of which are in the store. Without `network` commands
    /// have none, as in a build.
    pub fn of_packages(
        cx: &Cx,
        store: &Store,
        section: &Section,
        network: Option<&Network>,
    ) -> Result<Self, BuildError> {
        let mut stack = Stack::new(store, section.epoch, Anew::None);
        image::base(cx, &mut stack, section, None)?;
        Self::open(cx, &stack, network)
    }

    /// Of an image, as its last step left it: not sanitized.
    pub fn of_image(
        cx: &Cx,
        store: &Store,
        image: &Image,
        network: Option<&Network>,
    ) -> Result<Self, BuildError> {
        let record = &image.record;
        let mut stack = Stack::new(store, record.epoch_unix, Anew::None);
        if record.layers.is_empty() || !stack.restore(cx, &record.layers)? {
            return Err(BuildError::NoTree {
                title: image.title(),
                recipe: record.name.clone(),
            });
        }
        Self::open(cx, &stack, network)
    }

    fn open(cx: &Cx, stack: &Stack<'_>, network: Option<&Network>) -> Result<Self, BuildError> {
        let scratch = stack.store().scratch("trial")?;
        let sandbox = match network {
            None => stack.open(cx, &scratch)?.0,
            Some(network) => {
                let sandbox = stack.open_networked(cx, &scratch)?;
                connect(cx, Tree::new(&sandbox), network)?;
                sandbox
            }
        };
        Ok(Self {
            sandbox,
            _scratch: scratch,
            _store: stack.store().clone(),
        })
    }
}

impl Rooted for Trial {
    fn root(&self, _cx: &Cx) -> Result<Root<'_>, MachineError> {
        Ok(Root::new(self.sandbox.tree_fd()))
    }

    fn start(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError> {
        Tree::new(&self.sandbox).start(cx, script, on_line)
    }
}

/// Lets the programs of a tree find names, and its apt packages.
fn connect(cx: &Cx, tree: Tree<'_>, network: &Network) -> Result<(), MachineError> {
    let put = |path: &str, bytes: &[u8]| {
        // A link there leads to what a running machine has.
        drop(tree.remove(cx, path));
        tree.write(cx, path, bytes, &Attributes::default())
    };
    put("/etc/resolv.conf", &network.resolv_conf)?;
    let sources = network.source.as_ref().and_then(image::apt_sources);
    match sources {
        Some(sources) => put(
            "/etc/apt/sources.list.d/goldsmith.sources",
            sources.as_bytes(),
        ),
        None => Ok(()),
    }
}
