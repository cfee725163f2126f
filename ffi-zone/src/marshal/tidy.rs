//! What goes with objects: before a call, and after it however it ended.
//!
//! | when | what |
//! |---|---|
//! | just before C runs | what the objects own that the call consumes is freed |
//! | the call succeeded | what it consumed is forgotten; what the library keeps goes with its object; a function pointer that was replaced is given back |
//! | it succeeded, and its results could not be delivered | objects that it made are freed again |
//! | it failed | what it would have consumed stays; what the library keeps goes with its object, if that is there |
//! | it was not made | function pointers and memory that it would have kept are given back |
//! | always | objects that it used may end; function pointers that it was lent are given back |

use crate::marshal::call::{Call, Step};
use crate::marshal::calling::finish;
use crate::marshal::refusal::Refusal;
use crate::objects::retained::Retained;
use crate::objects::retained::Setter;
use cloison_contract::shape::Lifetime;

impl Call<'_, '_> {
    /// What is going to end has nothing of its own any more.
    pub(crate) fn strip(&mut self) -> Step {
        for word in self.state.consumed.clone() {
            let stripped = self.handles.strip(self.origin.client, word);
            let ended = stripped.map_err(|error| Refusal::handle(self.parameter_of(word), error))?;
            self.lend_arena();
            finish(self.functions, self.handles, &mut self.state.nested, ended, self.origin.callables);
        }
        Ok(())
    }

    fn parameter_of(&self, word: u64) -> usize {
        let parameters = self.function.parameters.iter().enumerate();
        let mut handles = parameters.filter(|(_, parameter)| parameter.shape.passed_object().is_some());
        handles.find(|(index, _)| self.state.words[*index] == word).map_or(0, |(index, _)| index)
    }

    /// Whether anything is left to do after the call.
    #[inline]
    pub(crate) fn has_things(&self) -> bool {
        let state = &self.state;
        !(state.pinned.is_empty()
            && state.consumed.is_empty()
            && state.fresh.is_empty()
            && state.kept.is_empty()
            && state.closures.is_empty())
    }

    /// Does what is left to do; `given` says whether the client has the results.
    #[cold]
    pub(crate) fn tidy(&mut self, given: bool) {
        let (client, handles, callables) = (self.origin.client, self.handles, self.origin.callables);
        self.hand_over_kept();
        if !self.state.pinned.is_empty() {
            handles.unpin(client, &self.state.pinned);
            self.state.pinned.clear();
        }
        for word in std::mem::take(&mut self.state.consumed) {
            if self.succeeded {
                let ended = handles.forget(client, word);
                finish(self.functions, self.handles, &mut self.state.nested, ended, callables);
            } else {
                handles.unpin(client, &[word]);
            }
        }
        for word in std::mem::take(&mut self.state.fresh).into_iter().rev().filter(|_| !given) {
            // One may have gone with another.
            if let Ok(ended) = handles.close(client, word) {
                self.lend_arena();
                finish(self.functions, self.handles, &mut self.state.nested, ended, callables);
            }
        }
        for closure in self.state.closures.drain(..) {
            callables.release(closure);
        }
    }

    /// What the library keeps goes with its object from now on.
    fn hand_over_kept(&mut self) {
        // Not before the call has succeeded: until then the library calls the old one, and after a failure nobody knows.
        let replaced: Vec<Retained> = match self.succeeded {
            true => {
                self.plan().replaces.iter().flat_map(|(parameter, object)| self.replaced(*parameter, *object)).collect()
            }
            false => Vec::new(),
        };
        for (parameter, retained) in std::mem::take(&mut self.state.kept) {
            let lifetime = self.plan().lifetimes.iter().find(|(index, _)| *index == parameter);
            let word = match lifetime {
                Some((_, Lifetime::Parameter(object))) => self.state.words[*object],
                Some((_, Lifetime::Return)) => self.value_word,
                None => 0,
            };
            let left = match self.outcome {
                Some(_) => self.handles.retain(self.origin.client, word, retained).err(),
                None => Some(retained),
            };
            if let Some(closure) = left.and_then(|left| left.closure()) {
                self.origin.callables.release(closure);
            }
        }
        // The new ones are kept by now: a callable that replaces itself has never been given back.
        for closure in replaced.iter().filter_map(Retained::closure) {
            self.origin.callables.release(closure);
        }
    }

    /// What the library has kept for the object by that parameter until now.
    fn replaced(&self, parameter: usize, object: usize) -> Vec<Retained> {
        let setter = Setter { function: self.id, parameter };
        self.handles.replace(self.origin.client, self.state.words[object], setter)
    }
}
