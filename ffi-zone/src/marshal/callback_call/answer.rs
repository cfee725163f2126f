//! What the client has answered, given to C.

use super::{CallbackCall, no_room};
use crate::callback::conversation::QuestionTurn;
use crate::marshal::call::Step;
use crate::marshal::incoming::Incoming;
use crate::marshal::shape;
use crate::serve::Service;
use crate::serve::clients::Client;
use crate::serve::workers::WorkerContext;
use cloison_contract::call::Request;
use cloison_contract::shape::Position;

impl CallbackCall<'_> {
    /// The answer, those words included that stand before its results.
    pub(crate) fn answer(
        &mut self,
        service: &Service,
        client: &Client,
        turn: &QuestionTurn,
        request: &Request,
        given: &mut Vec<u64>,
    ) -> Step {
        let words = &request.words[..request.count as usize];
        if words.len() != self.kind.answer.words() || request.arena_used > client.channel.arena().len() {
            return Err(self.malformed());
        }
        let answered = WorkerContext::visit(&turn.row, |context| {
            let mut part = context.workspace.part();
            let functions = service.marshal().functions();
            let mut incoming = Incoming {
                translations: &functions.translations,
                handles: service.marshal().handles(),
                client: client.channel.id(),
                arena: client.channel.arena(),
                used: request.arena_used,
                scratch: &mut part,
                // C has these now: they stay until the call has ended on which the question stands.
                pinned: given,
                parameter: 0,
                written: false,
            };
            for slot in self.kind.answer.iter() {
                incoming.parameter = match slot.position {
                    Position::Parameter(index) => index,
                    Position::Value => 0,
                };
                shape::answer(self, &mut incoming, slot, words)?;
            }
            Ok(())
        });
        answered.unwrap_or_else(|error| Err(no_room(error)))
    }
}
