//! A tree of objects by path. There is no lock here.

use std::collections::BTreeMap;
use std::sync::Arc;

use storagedriver::{Error, ErrorKind, FileInfo, Result, Time};

use super::segments::Segments;

/// One object as it was written; a write puts another in its place.
#[derive(Clone)]
pub struct Object {
    pub content: Segments,
    pub mod_time: Time,
    pub version: Vec<u8>,
}

impl Object {
    pub fn info(&self, path: &str) -> FileInfo {
        FileInfo::object(path, self.content.size(), self.mod_time)
    }
}

/// What stands directly in a directory, in byte order.
pub type Directory = BTreeMap<String, Node>;

/// An object, or a directory, which is there while something is in it.
pub enum Node {
    Object(Arc<Object>),
    Directory(Directory),
}

/// Objects and the directories above them.
pub struct Tree {
    root: Node,
}

impl Default for Tree {
    fn default() -> Self {
        Self { root: Node::Directory(Directory::new()) }
    }
}

impl Tree {
    /// PathNotFound, or NotADirectory below an object.
    pub fn find(&self, path: &str) -> Result<&Node> {
        let mut node = &self.root;
        for name in names(path) {
            let Node::Directory(directory) = node else {
                return Err(Error::not_a_directory(path));
            };
            node = directory.get(name).ok_or_else(|| Error::path_not_found(path))?;
        }
        Ok(node)
    }

    /// As `find`, and IsADirectory.
    pub fn find_object(&self, path: &str) -> Result<Arc<Object>> {
        match self.find(path)? {
            Node::Object(object) => Ok(Arc::clone(object)),
            Node::Directory(_) => Err(Error::is_a_directory(path)),
        }
    }

    /// The object that one put at `path` would replace. After this `place` succeeds.
    pub fn find_replaceable(&self, path: &str) -> Result<Option<Arc<Object>>> {
        match self.find_object(path) {
            Ok(object) => Ok(Some(object)),
            Err(error) if matches!(error.kind(), ErrorKind::PathNotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// As `find`, and NotADirectory for an object.
    pub fn directory(&self, path: &str) -> Result<&Directory> {
        match self.find(path)? {
            Node::Directory(directory) => Ok(directory),
            Node::Object(_) => Err(Error::not_a_directory(path)),
        }
    }

    /// Put `node` at `path`; directories above it come into being.
    pub fn place(&mut self, path: &str, node: Node) -> Result<()> {
        let mut place = &mut self.root;
        for name in names(path) {
            let Node::Directory(directory) = place else {
                return Err(Error::not_a_directory(path));
            };
            let empty = || Node::Directory(Directory::new());
            place = directory.entry(name.to_owned()).or_insert_with(empty);
        }
        *place = node;
        Ok(())
    }

    /// Take away what stands at `path`, and the directories that are empty without it.
    pub fn remove(&mut self, path: &str) -> Result<Node> {
        self.find(path)?;
        let Some((parents, leaf)) = path.rsplit_once('/').filter(|(_, leaf)| !leaf.is_empty())
        else {
            return Err(Error::invalid_path(path));
        };
        let chain: Vec<&str> = names(parents).collect();
        let removed = remove_below(&mut self.root, &chain, leaf);
        removed.ok_or_else(|| Error::path_not_found(path))
    }
}

fn remove_below(node: &mut Node, parents: &[&str], leaf: &str) -> Option<Node> {
    let Node::Directory(directory) = node else {
        return None;
    };
    let Some((name, below)) = parents.split_first() else {
        return directory.remove(leaf);
    };
    let child = directory.get_mut(*name)?;
    let removed = remove_below(child, below, leaf);
    if matches!(child, Node::Directory(entries) if entries.is_empty()) {
        directory.remove(*name);
    }
    removed
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}
