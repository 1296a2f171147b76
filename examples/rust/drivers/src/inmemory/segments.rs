//! Contents in memory: runs of bytes that nobody changes, so that readers keep what they opened.

use std::sync::Arc;

use storagedriver::{ReadStream, Result};

use super::tree::Object;

/// Neighbours smaller than this become one: many small appends then cost no long list.
const JOIN_BELOW_BYTES: usize = 64 * 1024;

/// A content: the runs of bytes that it consists of, none of them empty.
#[derive(Clone, Default)]
pub struct Segments {
    runs: Vec<Arc<Vec<u8>>>,
    size: u64,
}

impl Segments {
    /// In bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The runs, in order.
    pub fn runs(&self) -> impl Iterator<Item = &[u8]> {
        self.runs.iter().map(|run| run.as_slice())
    }

    /// Add bytes at the end. What a reader holds does not change.
    pub fn append(&mut self, bytes: Vec<u8>) {
        self.size += bytes.len() as u64;
        match self.runs.last_mut() {
            _ if bytes.is_empty() => {}
            Some(last) if last.len() + bytes.len() <= JOIN_BELOW_BYTES => {
                // Copies only where a reader, or an older content, has it too.
                Arc::make_mut(last).extend_from_slice(&bytes);
            }
            _ => self.runs.push(Arc::new(bytes)),
        }
    }

    /// Add another content at the end, sharing its runs.
    pub fn extend(&mut self, more: Segments) {
        let mut runs = more.runs.into_iter();
        if let Some(first) = runs.next() {
            if first.len() < JOIN_BELOW_BYTES {
                self.append(Arc::unwrap_or_clone(first));
            } else {
                self.size += first.len() as u64;
                self.runs.push(first);
            }
        }
        self.size += runs.as_slice().iter().map(|run| run.len() as u64).sum::<u64>();
        self.runs.extend(runs);
    }

    /// The first so many bytes, sharing what is whole.
    pub fn first(&self, bytes: u64) -> Segments {
        let mut kept = Segments::default();
        for run in &self.runs {
            let left = usize::try_from(bytes - kept.size).unwrap_or(usize::MAX);
            if left == 0 {
                break;
            }
            let run = if run.len() <= left { Arc::clone(run) } else { run[..left].to_vec().into() };
            kept.size += run.len() as u64;
            kept.runs.push(run);
        }
        kept
    }
}

/// Reads an object as it was when it was opened.
pub struct SegmentsStream {
    object: Arc<Object>,
    index: usize,
    start: usize,
}

impl SegmentsStream {
    /// From `offset` on, which may lie beyond the end.
    pub fn new(object: Arc<Object>, offset: u64) -> Self {
        let (mut index, mut left) = (0, offset);
        for run in object.content.runs() {
            let Some(rest) = left.checked_sub(run.len() as u64) else {
                break;
            };
            (index, left) = (index + 1, rest);
        }
        let start = usize::try_from(left).unwrap_or(usize::MAX);
        Self { object, index, start }
    }
}

impl ReadStream for SegmentsStream {
    fn size(&self) -> Option<u64> {
        Some(self.object.content.size())
    }

    fn version(&self) -> &[u8] {
        &self.object.version
    }

    fn read(&mut self, buffer: &mut Vec<u8>, limit: usize) -> Result<()> {
        let mut left = limit;
        while left > 0 {
            let Some(run) = self.object.content.runs.get(self.index) else {
                return Ok(());
            };
            let rest = run.get(self.start..).unwrap_or_default();
            let taken = rest.len().min(left);
            buffer.extend_from_slice(&rest[..taken]);
            left -= taken;
            self.start += taken;
            if self.start >= run.len() {
                (self.index, self.start) = (self.index + 1, 0);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(segments: &Segments) -> Vec<u8> {
        segments.runs().flatten().copied().collect()
    }

    #[test]
    fn small_appends_become_one_run_and_large_ones_are_kept() {
        let mut content = Segments::default();
        content.append(b"ab".to_vec());
        content.append(b"cd".to_vec());
        let kept = content.clone();
        content.append(vec![1; JOIN_BELOW_BYTES]);
        assert_eq!((content.runs.len(), content.size()), (2, 4 + JOIN_BELOW_BYTES as u64));
        assert_eq!(bytes_of(&kept), b"abcd");
    }

    #[test]
    fn a_cut_and_an_extension_are_old_and_new() {
        let mut content = Segments::default();
        content.append(vec![1; JOIN_BELOW_BYTES]);
        content.append(vec![2; JOIN_BELOW_BYTES]);
        let mut cut = content.first(JOIN_BELOW_BYTES as u64 + 1);
        let mut more = Segments::default();
        more.append(b"xyz".to_vec());
        cut.extend(more);
        assert_eq!(cut.size(), JOIN_BELOW_BYTES as u64 + 4);
        assert!(bytes_of(&cut).ends_with(&[1, 2, b'x', b'y', b'z']));
        assert_eq!(content.size(), 2 * JOIN_BELOW_BYTES as u64);
    }
}
