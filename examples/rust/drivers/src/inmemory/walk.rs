//! The walk of the inmemory driver; each directory is seen as it is when the walk comes to it.

use std::sync::Arc;

use storagedriver::{FileInfo, Result};

use super::Store;
use super::tree::Node;

/// What is still to visit, the next one last.
pub struct Walk {
    store: Arc<Store>,
    start_after: String,
    visits: Vec<Visit>,
}

struct Visit {
    // What is below a directory stands where its path and a slash would: /a-b before /a/b.
    sort_key: String,
    object: Option<FileInfo>,
}

impl Walk {
    /// Of all that is below `path`, and sorts behind `start_after`.
    pub fn new(store: Arc<Store>, path: &str, start_after: &str) -> Result<Self> {
        let mut walk = Self { store, start_after: start_after.to_owned(), visits: Vec::new() };
        walk.enter(path)?;
        Ok(walk)
    }

    fn enter(&mut self, path: &str) -> Result<()> {
        let prefix = if path == "/" { "" } else { path };
        let state = self.store.lock();
        let mut visits = Vec::new();
        for (name, node) in state.tree.directory(path)? {
            let child = format!("{prefix}/{name}");
            match node {
                Node::Object(object) if child > self.start_after => {
                    let object = Some(object.info(&child));
                    visits.push(Visit { sort_key: child, object });
                }
                // All that is below `child` sorts before `child` and "0", as "0" follows "/".
                Node::Directory(_) if child.clone() + "0" > self.start_after => {
                    visits.push(Visit { sort_key: child + "/", object: None });
                }
                _ => {}
            }
        }
        visits.sort_by(|one, other| other.sort_key.cmp(&one.sort_key));
        self.visits.extend(visits);
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Result<FileInfo>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let visit = self.visits.pop()?;
            if let Some(info) = visit.object {
                return Some(Ok(info));
            }
            // What vanishes meanwhile is left out.
            let _ = self.enter(visit.sort_key.trim_end_matches('/'));
        }
    }
}
