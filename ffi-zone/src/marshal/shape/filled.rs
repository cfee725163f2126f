//! Parameters that nobody passes: they are on no wire. [`crate::marshal::arguments`] fills them in.

use super::{Wire, Words};
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::outgoing::Outgoing;
use cloison_contract::shape::{CapacityOf, Fixed, LengthOf, Position};

macro_rules! stays {
    ($($shape:ty),*) => {$(
        impl Wire for $shape {
            fn decode(&self, call: &mut Call<'_, '_>, _: usize, _: Words) -> Step {
                Err(call.malformed())
            }

            fn encode(&self, call: &mut Call<'_, '_>, _: Position) -> Step<Words> {
                Err(call.malformed())
            }

            fn ask(&self, asked: &CallbackCall<'_>, _: &Functions, _: &mut Outgoing<'_, '_>, index: usize) -> Step<Words> {
                Err(asked.cannot_show(index))
            }

            fn answer(&self, asked: &CallbackCall<'_>, _: &mut Incoming<'_, '_>, position: Position, _: Words) -> Step {
                Err(asked.cannot_write(position))
            }
        }
    )*};
}

stays!(CapacityOf, Fixed, LengthOf);
