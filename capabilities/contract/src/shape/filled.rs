//! Parameters that nobody passes: lengths, capacities, and what is always the same.

use super::{Reached, Travel};
use crate::types::{Definition, Scalar, TypeId};
use serde::{Deserialize, Serialize};

/// The capacity, in elements, of the output buffer at `of`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CapacityOf {
    /// The parameter's own type.
    pub scalar: Scalar,
    /// The buffer.
    pub of: usize,
}

/// The length, in elements, of the input buffers that name it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LengthOf {
    /// The parameter's own type.
    pub scalar: Scalar,
    /// The buffers, at least one. All of one call must be equally long.
    pub of: Vec<usize>,
}

/// What is always the same.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Fixed {
    /// A number or an address such as NULL, as the bits that C sees. For `void *` user data it is NULL, because
    /// Python callables carry their own data.
    Bits(u64),
    /// A string, such as the format that a variadic form goes with. It has no NUL in it.
    Text(String),
}

/// Nothing of these crosses the wall: the zone fills them in.
macro_rules! stays {
    ($($shape:ty { $($own:item)* })*) => {$(
        impl Travel for $shape {
            fn is_argument(&self) -> bool {
                false
            }

            fn has_default(&self) -> bool {
                false
            }

            fn is_result(&self) -> bool {
                false
            }

            fn request_words(&self) -> usize {
                0
            }

            fn reply_words(&self) -> usize {
                0
            }

            fn reach(&self, _: &[Definition], _: &mut dyn FnMut(Reached<'_>)) {}

            fn object(&self) -> Option<TypeId> {
                None
            }

            fn number(&self) -> Option<(Scalar, Option<TypeId>)> {
                None
            }

            fn max_bytes(&self) -> Option<u64> {
                None
            }

            $($own)*
        }
    )*};
}

stays! {
    CapacityOf {
        fn scalar(&self) -> Option<Scalar> {
            Some(self.scalar)
        }

        fn is_capacity_of(&self, buffer: usize) -> bool {
            self.of == buffer
        }
    }

    Fixed {
        fn scalar(&self) -> Option<Scalar> {
            None
        }
    }

    LengthOf {
        fn scalar(&self) -> Option<Scalar> {
            Some(self.scalar)
        }

        fn is_length_of(&self, buffer: usize) -> bool {
            self.of.contains(&buffer)
        }
    }
}
