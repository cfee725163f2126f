//! What a call needs from the side that asks the client: C function pointers that stand for its callables.

use crate::marshal::refusal::Refusal;
use crate::native::closures;
use cloison_contract::FunctionId;

/// A function pointer that has been lent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClosureId(pub u32);

/// A function pointer for C.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BoundCallback {
    /// Its address.
    pub address: u64,
    /// For [`CallbackSource::release`].
    pub closure: ClosureId,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unbound {
    /// The client's grant has no callables.
    Denied,
    /// The callable's number makes no sense.
    Malformed,
    /// All are in use.
    TooMany,
}

/// Lends function pointers. A call gives back what it took, unless the library keeps it for as long as a handle lives:
/// then it is given back when that handle has ended.
pub trait CallbackSource {
    /// A function pointer that asks the client's callable of that number, for the callback that `parameter` of
    /// `function` is.
    fn bind(&self, function: FunctionId, parameter: usize, callable: u64) -> Result<BoundCallback, Unbound>;

    /// Nothing calls it any more, as far as one is concerned who was lent it; whose it is, it knows itself.
    fn release(&self, closure: ClosureId) {
        closures::give_back(closure);
    }

    /// C is about to run for that function; so much of the arena is in use. What a callback writes there stands behind it.
    fn starts(&self, function: u32, in_use: u64);

    /// C has run: what ends the call, whatever the function says.
    fn ended(&self) -> Option<Box<Refusal>>;
}

/// For those who have no callables.
pub struct NoCallables;

impl CallbackSource for NoCallables {
    fn bind(&self, _: FunctionId, _: usize, _: u64) -> Result<BoundCallback, Unbound> {
        Err(Unbound::Malformed)
    }

    fn starts(&self, _: u32, _: u64) {}

    fn ended(&self) -> Option<Box<Refusal>> {
        None
    }
}
