//! The layers of one tree, from the bottom up: each is taken from the store when it is there, else
//! made, once for all who want it, and kept.
//!
//! ```text
//! layer(parts) ── key, name ──► in the store ───────────────────────────────► on the stack
//!                      │        being made elsewhere: wait, look again            ▲
//!                      └──────► missing: make ── directory or sandbox over the ───┤
//!                                        │       layers so far                    │
//!                                        └─ may be kept? settle, list, publish ───┘
//! ```
//!
//! After a layer that may not be kept (a step that failed but need not succeed, a step with a
//! secret in it) none is: those on top of it were made on something that nobody can have again.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use goldsmith_component::run::DoneStep;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_exec::ns::{Sandbox, SandboxSpec};
use goldsmith_store::{Claim, Draft, Scratch, Shelf, Store, layer_name};

use super::error::LayerError;
use super::format::LayerFile;
use super::manifest::Manifest;
use super::merge::Merged;
use super::parts::Parts;
use super::{pack, redirect, wait, whole};

/// The host name that everything in the tree sees.
const HOSTNAME: &str = "localhost";

/// Which layers are made anew although they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Anew {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// The one of this title and all on top of it.
    From(String),
}

/// A layer on the stack.
#[derive(Debug)]
pub struct Layer {
    /// What is known of it.
    pub file: LayerFile,
    /// The name it has in the store.
    pub name: Sha256,
    /// Whether it was there.
    pub was_kept: bool,
    directory: PathBuf,
    /// Of a layer that is not in the store.
    scratch: Option<Scratch>,
}

impl Layer {
    /// The directory of the overlay.
    pub(crate) fn tree(&self) -> PathBuf {
        self.directory.join("tree")
    }

    /// Whether the store has it.
    pub fn is_kept(&self) -> bool {
        self.scratch.is_none()
    }

    /// The error when it lacks what such a layer has.
    pub(crate) fn damaged(&self) -> LayerError {
        let path = self.directory.join("layer.json");
        LayerError::Damaged { path }
    }

    pub(crate) fn manifest(&self) -> Result<Manifest, LayerError> {
        let path = self.directory.join("manifest");
        let bytes = fs::read(&path).map_err(LayerError::io("read", &path))?;
        Manifest::read(&bytes).ok_or(LayerError::Damaged { path })
    }
}

/// What a layer is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Who makes it, for people.
    pub title: String,
    /// What it is a function of.
    pub parts: Parts,
    /// What may change without any part changing.
    pub unnoticed: Vec<String>,
}

/// What came of making a layer.
#[derive(Debug, Default)]
pub struct Made {
    /// Of a step: what later steps may ask of it.
    pub done: Option<DoneStep>,
    /// Why it may not be kept; nothing when it may.
    pub not_kept: Option<String>,
}

/// The layers of a tree.
#[derive(Debug)]
pub struct Stack<'s> {
    store: &'s Store,
    epoch: i64,
    anew: Anew,
    layers: Vec<Layer>,
    /// Why layers are not kept from here on.
    not_kept: Option<String>,
}

impl<'s> Stack<'s> {
    /// An empty stack. `epoch` is what commands take for the present, in seconds since 1970; no
    /// file of the tree is younger.
    pub fn new(store: &'s Store, epoch: i64, anew: Anew) -> Self {
        Self {
            store,
            epoch,
            anew,
            layers: Vec::new(),
            not_kept: None,
        }
    }

    /// The layers so far, bottom first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The store that keeps them.
    pub fn store(&self) -> &'s Store {
        self.store
    }

    /// Why layers are not kept any more; nothing while they are.
    pub fn not_kept(&self) -> Option<&str> {
        self.not_kept.as_deref()
    }

    /// What identifies the tree so far.
    pub fn top(&self) -> Option<Sha256> {
        self.layers.last().map(|layer| layer.name)
    }

    /// The names of the layers that the store has, bottom first.
    pub fn kept(&self) -> Vec<Sha256> {
        let kept = self.layers.iter().take_while(|layer| layer.is_kept());
        kept.map(|layer| layer.name).collect()
    }

    /// Looks whether the next layer is kept, and takes it if so: nothing is made or waited for.
    pub fn take(&mut self, cx: &Cx, wanted: &Wanted) -> Result<Option<&Layer>, LayerError> {
        if self.not_kept.is_some() || self.is_anew(wanted) {
            return Ok(None);
        }
        let key = wanted.parts.key(self.top().as_ref());
        let name = layer_name(&key, self.store.again(&key)?);
        match self.store.entry(cx, Shelf::Layers, &name) {
            None => Ok(None),
            Some(directory) => self.adopt(cx, name, directory),
        }
    }

    /// Puts the next layer on top: the one that is kept, or one that `make` makes.
    ///
    /// `make` gets the place for it. When it fails, or asks for it, nothing is kept.
    pub fn layer<E: From<LayerError>>(
        &mut self,
        cx: &Cx,
        wanted: &Wanted,
        make: impl FnOnce(&Place<'_>) -> Result<Made, E>,
    ) -> Result<&Layer, E> {
        let key = wanted.parts.key(self.top().as_ref());
        if self.not_kept.is_some() {
            let scratch = self.store.scratch("layer").map_err(LayerError::from)?;
            let directory = scratch.path().join("entry");
            create(&directory)?;
            let place = self.place(cx, &directory, scratch.path().join("work"), None)?;
            let started = cx.clock().monotonic();
            let made = make(&place)?;
            self.settle(cx, &directory, wanted, key, made, started)?;
            return Ok(self.push_private(key, scratch, directory)?);
        }
        let (number, claim) = self.claim(cx, wanted, &key)?;
        let name = layer_name(&key, number);
        let draft = match claim {
            Claim::Ready(directory) => {
                if self.adopt(cx, name, directory)?.is_none() {
                    // Damaged, and thrown away: once more.
                    return self.layer(cx, wanted, make);
                }
                return Ok(self.layers.last().expect("just pushed"));
            }
            Claim::Busy => unreachable!("it was waited for"),
            Claim::Mine(draft) => draft,
        };
        let directory = draft.path().to_owned();
        let place = self.place(cx, &directory, draft.beside("work"), Some(&draft))?;
        let started = cx.clock().monotonic();
        let made = make(&place)?;
        let not_kept = made.not_kept.clone();
        self.settle(cx, &directory, wanted, key, made, started)?;
        if let Some(why) = not_kept {
            self.not_kept = Some(why);
            let (scratch, directory) = draft.keep_private();
            return Ok(self.push_private(key, scratch, directory)?);
        }
        let needs: Vec<Sha256> = self.top().into_iter().collect();
        let published = self.store.publish(draft, &needs);
        let directory = published.map_err(LayerError::from)?;
        if number > 0 {
            let counts = self.store.set_again(&key, number);
            counts.map_err(LayerError::from)?;
        }
        // What is made anew has a name of its own, and so has all on top of it.
        self.anew = Anew::None;
        Ok(self.push(name, directory, false, None)?)
    }

    /// The right to make the layer, or the layer.
    fn claim(&self, cx: &Cx, wanted: &Wanted, key: &Sha256) -> Result<(u32, Claim), LayerError> {
        let mut number = self.store.again(key)?;
        if self.is_anew(wanted) {
            let is_there = |n| {
                let name = layer_name(key, n);
                self.store.entry_path(Shelf::Layers, &name).is_dir()
            };
            while is_there(number) {
                number += 1;
            }
        }
        let name = layer_name(key, number);
        let mut others = wait::Others::new(cx, &wanted.title);
        let claim = self
            .store
            .claim_and_listen(cx, Shelf::Layers, &name, &mut |line| others.said(line))?;
        others.done();
        Ok((number, claim))
    }

    fn is_anew(&self, wanted: &Wanted) -> bool {
        match &self.anew {
            Anew::None => false,
            Anew::All => true,
            Anew::From(title) => *title == wanted.title,
        }
    }

    /// Puts a layer of the store on top, if it is whole; one that is not is thrown away.
    fn adopt(
        &mut self,
        cx: &Cx,
        name: Sha256,
        directory: PathBuf,
    ) -> Result<Option<&Layer>, LayerError> {
        let is_doubtful = self.store.is_doubtful(Shelf::Layers, &name);
        if is_doubtful && whole::problem(cx, &directory).is_none() {
            self.store.vouch(Shelf::Layers, &name)?;
        } else if is_doubtful {
            self.store.discard(Shelf::Layers, &name)?;
            return Ok(None);
        }
        match self.push(name, directory, true, None) {
            Ok(_) => Ok(self.layers.last()),
            Err(LayerError::Damaged { path }) => {
                cx.warn(format!("`{}` is damaged: made again", path.display()));
                self.store.discard(Shelf::Layers, &name)?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn push(
        &mut self,
        name: Sha256,
        directory: PathBuf,
        was_kept: bool,
        scratch: Option<Scratch>,
    ) -> Result<&Layer, LayerError> {
        let path = directory.join("layer.json");
        let bytes = fs::read(&path).map_err(LayerError::io("read", &path))?;
        let file = LayerFile::read(&bytes).map_err(|_| LayerError::Damaged { path })?;
        self.layers.push(Layer {
            file,
            name,
            was_kept,
            directory,
            scratch,
        });
        Ok(self.layers.last().expect("just pushed"))
    }

    fn push_private(
        &mut self,
        key: Sha256,
        scratch: Scratch,
        directory: PathBuf,
    ) -> Result<&Layer, LayerError> {
        self.push(key, directory, false, Some(scratch))
    }

    /// Makes the place for a layer.
    fn place<'a>(
        &self,
        cx: &Cx,
        directory: &Path,
        work: PathBuf,
        draft: Option<&'a Draft>,
    ) -> Result<Place<'a>, LayerError> {
        let tree = directory.join("tree");
        create(&tree)?;
        if !self.layers.is_empty() {
            let root = self.root()?;
            fs::set_permissions(&tree, fs::Permissions::from_mode(u32::from(root.0)))
                .and_then(|()| std::os::unix::fs::chown(&tree, Some(root.1), Some(root.2)))
                .map_err(LayerError::io("create", &tree))?;
        }
        Ok(Place {
            tree,
            work,
            lower: self.lower(cx)?,
            epoch: self.epoch,
            draft,
        })
    }

    /// Mode, owner and group of the root of the tree so far.
    fn root(&self) -> Result<(u16, u32, u32), LayerError> {
        use std::os::unix::fs::MetadataExt as _;
        let top = self.layers.last().map(Layer::tree).unwrap_or_default();
        let meta = fs::metadata(&top).map_err(LayerError::io("read", &top))?;
        let mode = u16::try_from(meta.mode() & 0o7777).expect("twelve bits");
        Ok((mode, meta.uid(), meta.gid()))
    }

    /// The directories of the layers so far, top first, as a sandbox takes them.
    pub(crate) fn lower(&self, cx: &Cx) -> Result<Vec<PathBuf>, LayerError> {
        let trees = self.layers.iter().map(|layer| (layer.name, layer.tree()));
        pack::lower(cx, self.store, &trees.collect::<Vec<_>>())
    }

    /// A sandbox over the layers so far, whose changes go to `scratch` and are no layer.
    pub fn open(&self, cx: &Cx, scratch: &Scratch) -> Result<(Sandbox, PathBuf), LayerError> {
        let place = self.place(cx, scratch.path(), scratch.path().join("work"), None)?;
        Ok((place.sandbox(&[])?, place.tree))
    }

    /// The same, whose commands share the host's network.
    pub fn open_networked(&self, cx: &Cx, scratch: &Scratch) -> Result<Sandbox, LayerError> {
        let place = self.place(cx, scratch.path(), scratch.path().join("work"), None)?;
        let spec = SandboxSpec {
            network: true,
            ..place.spec(&[])?
        };
        Ok(Sandbox::open(&spec)?)
    }

    /// Puts layers of the store on top, by their names; `false` when one is not there.
    pub fn restore(&mut self, cx: &Cx, names: &[Sha256]) -> Result<bool, LayerError> {
        for name in names {
            let found = self.store.entry(cx, Shelf::Layers, name);
            let Some(directory) = found else {
                return Ok(false);
            };
            if self.adopt(cx, *name, directory)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What is in the tree so far.
    pub(crate) fn merged(&self) -> Result<Merged, LayerError> {
        let mut merged = Merged::default();
        for layer in &self.layers {
            merged.push(layer.manifest()?);
        }
        Ok(merged)
    }

    /// Lists a directory that was changed over these layers.
    pub(crate) fn list(&self, cx: &Cx, tree: &Path) -> Result<Manifest, LayerError> {
        redirect::list(cx, self, tree, self.epoch)
    }

    /// Lists what was made and describes it.
    fn settle(
        &self,
        cx: &Cx,
        directory: &Path,
        wanted: &Wanted,
        key: Sha256,
        made: Made,
        started: std::time::Duration,
    ) -> Result<(), LayerError> {
        let tree = directory.join("tree");
        let manifest = self.list(cx, &tree)?;
        let (bytes, digest) = manifest.write();
        let write = |name: &str, bytes: &[u8]| {
            let path = directory.join(name);
            fs::write(&path, bytes).map_err(LayerError::io("write", &path))
        };
        write("manifest", &bytes)?;
        let mut file = LayerFile::new(&wanted.title, key, self.top(), wanted.parts.clone());
        file.unnoticed.clone_from(&wanted.unnoticed);
        file.manifest = digest;
        file.changes = manifest.changes();
        file.done = made.done;
        let took = cx.clock().monotonic().saturating_sub(started);
        file.made_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        write("layer.json", &file.write())
    }
}

/// What is known of a layer of the store; nothing when it is not there, or is damaged.
pub fn described(store: &Store, name: &Sha256) -> Option<LayerFile> {
    let path = store.entry_path(Shelf::Layers, name).join("layer.json");
    LayerFile::read(&fs::read(path).ok()?).ok()
}

/// A layer of a store, to be looked at.
pub(crate) struct Kept {
    /// What is known of it.
    pub(crate) file: LayerFile,
    /// What is in it.
    pub(crate) manifest: Manifest,
    /// Its directory.
    pub(crate) tree: PathBuf,
}

impl Kept {
    /// Reads one; nothing when it is not there, or is damaged.
    pub(crate) fn open(store: &Store, name: &Sha256) -> Option<Self> {
        let directory = store.entry_path(Shelf::Layers, name);
        let manifest = fs::read(directory.join("manifest")).ok()?;
        Some(Self {
            file: described(store, name)?,
            manifest: Manifest::read(&manifest)?,
            tree: directory.join("tree"),
        })
    }
}

/// Makes a directory that everybody may enter, whatever the umask.
fn create(path: &Path) -> Result<(), LayerError> {
    match fs::create_dir(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            Err(LayerError::io("create", path)(e))
        }
        _ => fs::set_permissions(path, fs::Permissions::from_mode(0o755))
            .map_err(LayerError::io("create", path)),
    }
}

/// Where a layer is made.
#[derive(Debug)]
pub struct Place<'a> {
    tree: PathBuf,
    work: PathBuf,
    lower: Vec<PathBuf>,
    epoch: i64,
    draft: Option<&'a Draft>,
}

impl Place<'_> {
    /// The directory itself: of the bottom layer, which is made without running anything.
    pub fn directory(&self) -> &Path {
        &self.tree
    }

    /// A sandbox over the layers below, whose changes are the layer. `memory` are directories
    /// whose content is none of it.
    pub fn sandbox(&self, memory: &[&str]) -> Result<Sandbox, LayerError> {
        Ok(Sandbox::open(&self.spec(memory)?)?)
    }

    fn spec(&self, memory: &[&str]) -> Result<SandboxSpec, LayerError> {
        create(&self.work)?;
        Ok(SandboxSpec {
            hostname: HOSTNAME.to_owned(),
            epoch: self.epoch,
            tmpfs: memory.iter().map(PathBuf::from).collect(),
            ..SandboxSpec::overlay(self.lower.clone(), self.tree.clone(), self.work.clone())
        })
    }

    /// Tells those who wait for the layer how far it is.
    pub fn say(&self, phase: &str, done: u64, total: u64) {
        if let Some(draft) = self.draft {
            draft.say(&wait::line(phase, done, total));
        }
    }
}
