//! The second part of a call: room for what the library will write, and the parameters that say how much there is.

use crate::marshal::arguments::Filled;
use crate::marshal::call::{Call, Held, Step};
use crate::marshal::number::bits_of_value;
use crate::marshal::plan::{Fill, OutputBuffer, Site};
use crate::native::fences::{FENCE_BYTES, PATTERN, is_whole, overran};
use crate::objects::retained::Retained;
use cloison_contract::call::ARENA_ALIGNMENT;
use cloison_contract::expression::Expression;
use std::sync::Arc;

/// All parameters are set, and what they lead to is there: C may be called.
pub(crate) struct Complete(());

impl Call<'_, '_> {
    /// Room for what the library will write.
    #[inline]
    pub(crate) fn make_outputs(&mut self, _filled: Filled) -> Step<Complete> {
        let plan = self.plan();
        for (done, output) in plan.outputs.iter().enumerate() {
            let bytes = match &output.capacity {
                Some(capacity) => self.wanted(output.parameter, output.element, capacity, output.max_bytes)?,
                None => {
                    let share = self.left() / (plan.outputs.len() - done) as u64;
                    let most = output.max_bytes.min(share - share % ARENA_ALIGNMENT);
                    most - most % output.element as u64
                }
            };
            let held = self.site(output, bytes)?;
            self.hold_at(output.parameter, held)?;
        }
        for fill in &plan.capacities {
            self.fill(fill)?;
        }
        Ok(Complete(()))
    }

    /// Where the library writes.
    #[inline]
    fn site(&mut self, output: &OutputBuffer, bytes: u64) -> Step<Held> {
        if output.site == Site::Kept {
            // A client that cannot read it back has no use for it.
            if bytes > self.arena.len() {
                return Err(self.too_large(bytes));
            }
            let block = Arc::new(self.block(bytes as usize)?);
            let address = block.pointer().expose_provenance() as u64;
            self.state.kept.push((output.parameter, Retained::Buffer(self.handles.number(), block)));
            return Ok(Held::Kept { address, bytes });
        }
        if self.direct && output.site == Site::Arena {
            return self.fenced_in_arena(bytes);
        }
        self.reserve(bytes)?;
        let piece = self.scratch.fenced(bytes as usize, output.parameter, false);
        Ok(Held::Scratch(piece.ok_or_else(|| self.too_large(bytes))?))
    }

    /// Room in the arena that the library writes. Behind the arena's end stands what nobody can access.
    #[inline]
    pub(crate) fn fenced_in_arena(&mut self, bytes: u64) -> Step<Held> {
        let offset = self.reserve(bytes)?;
        let fence = &PATTERN[..self.fence_in_arena(offset + bytes)];
        self.arena.write(offset + bytes, fence).map_err(|_| self.malformed())?;
        self.cursor += fence.len() as u64;
        Ok(Held::Arena { offset, bytes })
    }

    /// How much of the pattern stands at that place of the arena.
    fn fence_in_arena(&self, end: u64) -> usize {
        usize::try_from(self.arena.len().saturating_sub(end)).unwrap_or(usize::MAX).min(FENCE_BYTES)
    }

    /// The library has run. If it has written beyond a room, this process ends here: nothing in it can be trusted.
    #[inline]
    pub(crate) fn check_fences(&mut self) {
        for index in &self.plan().fenced {
            let held = self.state.held[*index];
            let whole = match held {
                Held::Null => true,
                Held::Scratch(piece) => self.scratch.is_whole(piece),
                Held::Arena { offset, bytes } => self.is_whole_in_arena(offset + bytes),
                Held::Kept { .. } => self.state.kept.iter().all(|(of, kept)| of != index || kept.is_whole()),
            };
            if !whole {
                overran(Some(*index), held.bytes());
            }
        }
        let mut pointed = self.pointed;
        while pointed != 0 {
            let index = pointed.trailing_zeros() as usize;
            pointed &= pointed - 1;
            if !self.state.frame.is_whole(index) {
                overran(Some(index), size_of::<u64>() as u64);
            }
        }
    }

    fn is_whole_in_arena(&self, end: u64) -> bool {
        let mut fence = [0; FENCE_BYTES];
        let fence = &mut fence[..self.fence_in_arena(end)];
        self.arena.read_into(end, fence).is_ok() && is_whole(fence)
    }

    fn wanted(&mut self, index: usize, element: usize, capacity: &Expression, max_bytes: u64) -> Step<u64> {
        let elements = capacity
            .evaluate(self)
            .map_err(|error| self.argument(index, format_args!("has a capacity that cannot be worked out: {error}")))?;
        let bytes = elements.checked_mul(element as i128).and_then(|bytes| u64::try_from(bytes).ok());
        match bytes {
            Some(bytes) if bytes <= max_bytes => Ok(bytes),
            _ => {
                let text = format_args!(
                    "would need {elements} elements of {element} bytes, and at most {max_bytes} bytes are allowed"
                );
                Err(self.argument(index, text))
            }
        }
    }

    /// How many bytes of results there is still room for.
    fn left(&self) -> u64 {
        let arena = self.arena.len().saturating_sub(self.cursor.next_multiple_of(ARENA_ALIGNMENT));
        arena.saturating_sub(FENCE_BYTES as u64).min(self.scratch.left() as u64)
    }

    /// Sets a part of the arena behind the client's aside for results.
    #[inline]
    pub(crate) fn reserve(&mut self, bytes: u64) -> Step<u64> {
        let offset = self.cursor.next_multiple_of(ARENA_ALIGNMENT);
        match offset.checked_add(bytes) {
            Some(end) if end <= self.arena.len() => {
                self.cursor = end;
                Ok(offset)
            }
            _ => Err(self.too_large(bytes)),
        }
    }

    /// A parameter that is filled in from buffers: their number of elements.
    #[inline]
    pub(crate) fn fill(&mut self, fill: &Fill) -> Step {
        let mut elements: Option<u64> = None;
        for of in &fill.of {
            let held = self.state.held[*of];
            if matches!(held, Held::Null) {
                continue;
            }
            let own = match self.element(*of) {
                1 => held.bytes(), // a division costs as much as all the rest
                size => held.bytes() / size as u64,
            };
            match elements {
                Some(other) if other != own => {
                    let text = format_args!("has {own} elements, and another that goes with it has {other}");
                    return Err(self.argument(*of, text));
                }
                _ => elements = Some(own),
            }
        }
        let elements = i128::from(elements.unwrap_or(0));
        let Some(bits) = bits_of_value(elements, fill.scalar) else {
            let name = self.name(fill.parameter);
            let text = format_args!("has {elements} elements, more than `{name}` can say");
            return Err(self.argument(fill.of.first().copied().unwrap_or(fill.parameter), text));
        };
        if fill.pointer {
            self.set_pointed(fill.parameter, bits);
        } else {
            self.state.frame.set(fill.parameter, bits);
            self.numbers |= 1 << fill.parameter;
        }
        Ok(())
    }

    /// The size of a buffer's elements.
    fn element(&self, index: usize) -> usize {
        self.function.parameters[index].shape.buffer().map_or(1, |buffer| buffer.element.size())
    }
}
