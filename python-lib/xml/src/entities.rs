//! Texts of entities: read in the place of a reference, one in the other, and counted.

use crate::error::{ErrorKind, Fault};
use crate::parser::{Parser, Stage};
use crate::tag;
use std::rc::Rc;

/// The text of an entity that is being read.
pub(crate) struct EntityText {
    pub(crate) text: Rc<str>,
    pub(crate) at: usize,
    pub(crate) name: String,
    /// How many elements were open.
    pub(crate) depth: usize,
    /// It is read between declarations, not in content.
    pub(crate) parameter: bool,
}

/// Entities may make a document so many times as long as it is,
const AMPLIFICATION: u64 = 100;
/// or make it this long.
const UNSUSPICIOUS: u64 = 8 << 20;

impl Parser {
    /// The text of an entity is over.
    pub(crate) fn close_frame(&mut self, at: usize) -> Result<(), Fault> {
        if let Some(frame) = self.frames.last() {
            if frame.parameter {
                self.dtd.close_parameter(&frame.name);
            } else {
                if frame.depth != self.open.len() || self.stage == Stage::Cdata {
                    return Err(Fault(ErrorKind::AsynchronousEntity, at));
                }
                self.dtd.close(&frame.name);
            }
            self.frames.pop();
        }
        Ok(())
    }

    /// What stands in the document only by its declarations counts, so that a short document cannot become an endless one.
    pub(crate) fn account(&mut self, bytes: usize) -> Result<(), ErrorKind> {
        self.indirect += bytes as u64;
        let total = self.direct + self.indirect;
        if total > UNSUSPICIOUS && total / self.direct.max(1) > AMPLIFICATION {
            return Err(ErrorKind::AmplificationLimit);
        }
        Ok(())
    }
}

impl tag::Entities for Parser {
    fn text(&mut self, name: &str) -> Result<Option<Rc<str>>, ErrorKind> {
        let Some(entity) = self.dtd.entity(name)? else { return Ok(None) };
        if entity.open {
            return Err(ErrorKind::RecursiveEntity);
        }
        if entity.declared.notation.is_some() {
            return Err(ErrorKind::BinaryEntity);
        }
        let text = entity.text.clone().ok_or(ErrorKind::ExternalEntityInAttribute)?;
        entity.open = true;
        self.account(text.len())?;
        Ok(Some(text))
    }

    fn close(&mut self, name: &str) {
        self.dtd.close(name);
    }
}
