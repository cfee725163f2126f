//! A pointer to a function: the client passes a callable.

use super::{Wire, Words};
use crate::callback::callables::Unbound;
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::outgoing::Outgoing;
use crate::marshal::refusal::Refusal;
use crate::objects::retained::{Retained, Setter};
use cloison_contract::call::Status;
use cloison_contract::grant::NO_CALLABLES;
use cloison_contract::shape::{Callback, Lifetime, Position};

/// See `clients::Asking::bind` for how many that are.
const TOO_MANY_CALLABLES: &str = "C has as many callables already as it may have at once; a handle that is closed gives back those that are kept for it";

impl Wire for Callback {
    fn decode(&self, call: &mut Call<'_, '_>, index: usize, [word, _]: Words) -> Step {
        if word == 0 {
            call.state.frame.set(index, 0);
            return if self.null { Ok(()) } else { Err(call.argument(index, "must not be None")) };
        }
        let bound = call.origin.callables.bind(call.id, index, word).map_err(|unbound| match unbound {
            Unbound::Denied => Refusal::new(Status::OutOfBounds, NO_CALLABLES),
            Unbound::Malformed => call.malformed(),
            Unbound::TooMany => Refusal::new(Status::TooMany, TOO_MANY_CALLABLES),
        })?;
        call.state.frame.set(index, bound.address);
        match self.retain {
            None => call.state.closures.push(bound.closure),
            Some(lifetime) => {
                let retained = match (self.replaces, lifetime) {
                    (true, Lifetime::Parameter(_)) => {
                        Retained::Replaceable(bound.closure, Setter { function: call.id, parameter: index })
                    }
                    (true, Lifetime::Return) | (false, _) => Retained::Closure(bound.closure),
                };
                call.state.kept.push((index, retained));
            }
        }
        Ok(())
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
