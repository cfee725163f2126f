//! What a grant says about the arguments, judged before the call on what C will see.
//!
//! Words of a request, texts, records and kept bytes are the zone's own copies when a bound looks at them. A buffer that C
//! reads in the arena (a zone of one client's own) is not: the client could write there after it was judged. So the first bound
//! that asks for its bytes has it copied, and from then on the copy is the argument.

use crate::marshal::call::{Call, Held, Step};
use crate::marshal::number::word_of_bits;
use crate::marshal::refusal::Refusal;
use crate::marshal::shape::copied;
use crate::serve::recorder::Recorder;
use cloison_contract::call::Status;
use cloison_contract::expression::{BytesTest, EvaluationError, Expression, Real};
use cloison_contract::grant::Bound;
use cloison_contract::observation::{ObservedValue, TEXT_BYTES};
use cloison_contract::shape::Shape;
use cloison_contract::types::{NumberPlace, Scalar};

impl Call<'_, '_> {
    /// Whether the grant lets these arguments through.
    pub(crate) fn hold(&mut self, bounds: &[Bound]) -> Step {
        for bound in bounds {
            let text = match bound.expression.evaluate(self) {
                Ok(0) => format!("`{}` does not hold", bound.text),
                Ok(_) => continue,
                Err(error) => format!("`{}` cannot be judged: {error}", bound.text),
            };
            return Err(Refusal::new(Status::OutOfBounds, text));
        }
        Ok(())
    }

    /// Tells the broker what is new about these arguments, which the grant lets through: numbers, texts, and how long buffers are.
    #[cold]
    pub(crate) fn record(&mut self, recorder: &Recorder) {
        recorder.tell_call(self.id);
        for index in 0..self.function.parameters.len() {
            if let Some(value) = self.observed(index) {
                recorder.tell(self.id, index as u32, value);
            }
        }
    }

    /// What was passed for a parameter, as far as a bound can be about it.
    fn observed(&mut self, index: usize) -> Option<ObservedValue> {
        match &self.function.parameters.get(index)?.shape {
            Shape::Number(_) => match self.real_number(Real::Parameter(index)) {
                Ok(value) => Some(ObservedValue::Real(value)),
                Err(_) => Expression::Parameter(index).evaluate(self).ok().map(ObservedValue::Integer),
            },
            shape @ Shape::Text(_) => match self.state.held[index] {
                Held::Null => Some(ObservedValue::Null),
                Held::Scratch(piece) => {
                    let text = as_c_sees(shape, self.scratch.bytes(piece));
                    Some(match text.len() <= TEXT_BYTES {
                        true => ObservedValue::Text(text.to_vec()),
                        false => ObservedValue::Length(text.len() as u64),
                    })
                }
                held @ (Held::Arena { .. } | Held::Kept { .. }) => Some(ObservedValue::Length(held.bytes())),
            },
            Shape::Buffer(buffer) if buffer.direction.is_in() => match self.state.held[index] {
                Held::Null => Some(ObservedValue::Null),
                Held::Arena { .. } | Held::Kept { .. } | Held::Scratch(_) => {
                    u64::try_from(self.argument_length(index).ok()?).ok().map(ObservedValue::Length)
                }
            },
            Shape::Buffer(_)
            | Shape::Callback(_)
            | Shape::CapacityOf(_)
            | Shape::Constant(_)
            | Shape::Handle(_)
            | Shape::LengthOf(_)
            | Shape::OutPointer(_)
            | Shape::Record(_)
            | Shape::ScalarPointer(_)
            | Shape::Wide(_) => None,
        }
    }

    /// Whether the test holds for the argument's bytes, of which C sees these and no others.
    pub(crate) fn bytes_hold(&mut self, index: usize, test: &BytesTest) -> Result<bool, EvaluationError> {
        let shape = &self.function.parameters.get(index).ok_or(EvaluationError::Unknown)?.shape;
        if !shape.has_bytes() {
            return Err(EvaluationError::Unknown);
        }
        if let Held::Arena { offset, bytes } = self.state.held[index] {
            let own = copied(self, index, offset, bytes, false).map_err(|_| EvaluationError::NoRoom)?;
            self.hold_at(index, own).map_err(|_| EvaluationError::NoRoom)?;
        }
        match self.state.held[index] {
            Held::Arena { .. } => Err(EvaluationError::Unknown),
            Held::Null => test.holds(None),
            Held::Scratch(piece) => test.holds(Some(as_c_sees(shape, self.scratch.bytes(piece)))),
            Held::Kept { bytes, .. } => {
                let kept = self.state.kept.iter().find_map(|(of, kept)| {
                    let block = kept.read().filter(|_| *of == index)?;
                    Some(block.first(bytes as usize))
                });
                let kept = kept.ok_or(EvaluationError::Unknown)?;
                // A kept text has no more than its own bytes here.
                let own = matches!(shape, Shape::Text(_));
                test.holds(Some(if own { &kept } else { as_c_sees(shape, &kept) }))
            }
        }
    }

    /// How many elements a buffer has, or bytes a text without its NUL. NULL has none.
    pub(crate) fn argument_length(&self, index: usize) -> Result<i128, EvaluationError> {
        let shape = &self.function.parameters.get(index).ok_or(EvaluationError::Unknown)?.shape;
        if !shape.has_length() {
            return Err(EvaluationError::Unknown);
        }
        let held = self.state.held[index];
        Ok(match (shape.buffer(), held) {
            (Some(buffer), _) => i128::from(held.bytes() / buffer.element.size().max(1) as u64),
            (None, Held::Scratch(piece)) => as_c_sees(shape, self.scratch.bytes(piece)).len() as i128,
            (None, Held::Arena { .. } | Held::Kept { .. } | Held::Null) => i128::from(held.bytes()),
        })
    }

    /// The bytes of a struct that is passed.
    fn record_bytes(&self, index: usize) -> Result<&[u8], EvaluationError> {
        let parameter = self.function.parameters.get(index).ok_or(EvaluationError::Unknown)?;
        parameter.shape.passed_record().ok_or(EvaluationError::Unknown)?;
        match self.state.held[index] {
            Held::Scratch(piece) => Ok(self.scratch.bytes(piece)),
            Held::Null => Err(EvaluationError::NoRecord),
            Held::Arena { .. } | Held::Kept { .. } => Err(EvaluationError::Unknown),
        }
    }

    /// An integer in a struct that is passed.
    pub(crate) fn member_integer(&self, index: usize, place: NumberPlace) -> Result<i128, EvaluationError> {
        place.integer(self.record_bytes(index)?).ok_or(EvaluationError::Unknown)
    }

    /// A floating-point argument, or one in a struct.
    pub(crate) fn real_number(&mut self, real: Real) -> Result<f64, EvaluationError> {
        let index = match real {
            Real::Member(index, place) => {
                return place.real(self.record_bytes(index)?).ok_or(EvaluationError::Unknown);
            }
            Real::Parameter(index) => index,
        };
        let scalar = self.known_scalar(index).filter(|scalar| scalar.is_float()).ok_or(EvaluationError::Unknown)?;
        // Behind `...` C has a `double` in any case.
        let promoted = self.plan().prepared.get(index).is_some_and(|prepared| prepared.promoted);
        let held = if promoted { Scalar::F64 } else { scalar };
        Ok(f64::from_bits(word_of_bits(self.state.frame.value(index), held)))
    }
}

/// A piece without what ends it. A text's NUL is ours; an element that ends a buffer may be the caller's own, and C does not count
/// it either.
fn as_c_sees<'a>(shape: &Shape, bytes: &'a [u8]) -> &'a [u8] {
    let ended = match shape {
        Shape::Buffer(buffer) => buffer.terminated,
        Shape::Text(_) => true,
        Shape::Callback(_)
        | Shape::CapacityOf(_)
        | Shape::Constant(_)
        | Shape::Handle(_)
        | Shape::LengthOf(_)
        | Shape::Number(_)
        | Shape::OutPointer(_)
        | Shape::Record(_)
        | Shape::ScalarPointer(_)
        | Shape::Wide(_) => false,
    };
    if ended { bytes.strip_suffix(&[0]).unwrap_or(bytes) } else { bytes }
}
