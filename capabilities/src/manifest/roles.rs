//! Third step, parameters: each gets its one [`Role`].
//!
//! Who passes a parameter follows from who names it. In this order:
//!
//! 1. Each table says what its parameter points to: a buffer (it has a length or a capacity), a cell (one number), a string.
//! 2. An input buffer's `length` that is just `n` or `*n` fills `n` in, if `n` has no table of its own. An in-out buffer's
//!    `capacity` (or else `length`) does the same.
//! 3. An output buffer's `capacity` that is just `n` or `*n` fills `n` in from `max` (a size or an expression), if `n` has no table of its own and
//!    has not been filled in by 2. An output buffer's `length` that is just `*n` gives the library the capacity in `*n`.
//! 4. What nobody fills in is an argument. A pointer that nobody has explained is an error.

mod buffer;
mod build;
mod cell;
mod draft;
mod fill;
mod keys;
mod order;

use super::declare::Declared;
use crate::document::Reader;
use crate::expression::Callee;
use crate::interface::{Parameter, Role};
use crate::types::{CType, Scalar};
use draft::Draft;
use fill::Fill;

/// What is known of one function while its roles are found.
pub(super) struct Context<'a, 'd> {
    pub(super) declared: &'a Declared<'a, 'd>,
    pub(super) callees: &'a [Callee<'a>],
    /// The most bytes one call may carry.
    pub(super) call_bytes: u64,
    /// The function is the `free` of another one: its pointer is ours.
    pub(super) frees: bool,
}

/// The parameters with their roles, or `None` if something is wrong with them.
pub(super) fn parameters(reader: &mut Reader, context: &Context<'_, '_>) -> Option<Vec<Parameter>> {
    let drafts: Vec<_> = (0..context.count()).map(|index| draft::draft(reader, context, index)).collect();
    if drafts.iter().any(Option::is_none) {
        // What is wrong with the other parameters' numbers can be said all the same.
        for (index, draft) in drafts.iter().enumerate() {
            if let Some(Draft::Number(scalar)) = draft {
                build::range_and_default(reader, context.table(index), *scalar);
            }
        }
        return None;
    }
    let drafts: Vec<Draft> = drafts.into_iter().flatten().collect();
    let fills = fill::fills(reader, context, &drafts)?;
    let roles: Vec<_> =
        (0..context.count()).map(|index| build::role(reader, context, &drafts, &fills, index)).collect();
    let roles: Vec<Role> = roles.into_iter().collect::<Option<_>>()?;
    order::check(reader, context, &roles)?;
    let prototype = &context.declared.prototype;
    let parameter = |(index, role): (usize, Role)| Parameter {
        name: prototype.parameters[index].name.text.clone(),
        c_type: prototype.parameters[index].c_type.clone(),
        role,
        leading: false,
    };
    Some(roles.into_iter().enumerate().map(parameter).collect())
}

impl<'a, 'd> Context<'a, 'd> {
    fn count(&self) -> usize {
        self.declared.prototype.parameters.len()
    }

    fn name(&self, index: usize) -> &'a str {
        &self.declared.prototype.parameters[index].name.text
    }

    fn c_type(&self, index: usize) -> &'a CType {
        &self.declared.prototype.parameters[index].c_type
    }

    /// What the parameter's pointer leads to; `void` counts as bytes.
    fn pointee(&self, index: usize) -> Option<(Pointee, bool)> {
        let CType::Pointer { to, constant } = self.c_type(index) else { return None };
        let pointee = match **to {
            CType::Scalar { scalar, character: false } => Pointee::Number(scalar),
            CType::Scalar { character: true, .. } => Pointee::Character,
            _ => Pointee::Bytes,
        };
        Some((pointee, *constant))
    }

    /// The number that the parameter is or points to.
    fn scalar(&self, index: usize) -> Option<Scalar> {
        match self.c_type(index) {
            CType::Scalar { scalar, .. } => Some(*scalar),
            _ => self.pointee(index).map(|(pointee, _)| pointee.scalar()),
        }
    }

    fn table(&self, index: usize) -> Option<&'a super::raw::Parameter<'d>> {
        self.declared.tables[index]
    }

    /// Whether we may fill it in: it has no table that would make it an argument.
    fn is_free(&self, index: usize) -> bool {
        self.table(index).is_none()
    }

    /// The parameter that most probably says how long this one is: an integer right behind it.
    fn likely_count(&self, index: usize) -> Option<&'a str> {
        let next = index + 1;
        (next < self.count() && super::declare::is_integer(self.c_type(next))).then(|| self.name(next))
    }

    /// Notes a mistake at a parameter of the prototype.
    fn error_in_c(&self, reader: &mut Reader, index: usize, message: String, hint: String) {
        let span = self.declared.prototype.parameters[index].name.span.clone();
        let mistake = crate::diagnostic::Mistake::new(span, message).hint(hint);
        reader.mistake_in(&self.declared.raw.c, mistake);
    }
}

/// What a pointer leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Pointee {
    Bytes,
    Character,
    Number(Scalar),
}

impl Pointee {
    fn scalar(self) -> Scalar {
        match self {
            Self::Bytes => Scalar::U8,
            Self::Character => Scalar::I8,
            Self::Number(scalar) => scalar,
        }
    }

    /// One element is one byte, so that a pointer without a length says nothing about how much there is.
    fn is_byte(self) -> bool {
        self.scalar() != Scalar::Bool && self.scalar().size() == 1
    }
}

/// What we fill each parameter in with, if we do.
type Fills = Vec<Option<Fill>>;
