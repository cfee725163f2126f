//! C's arguments, told to the client.

use super::{CallbackCall, no_room};
use crate::callback::conversation::QuestionTurn;
use crate::marshal::call::Step;
use crate::marshal::outgoing::Outgoing;
use crate::marshal::shape;
use crate::serve::Service;
use crate::serve::clients::Client;
use crate::serve::workers::WorkerContext;
use cloison_contract::call::{QUESTION_WORDS, Reply, Status};

impl CallbackCall<'_> {
    /// The question: the callable's number, the depth, how much of the arena is in use, the arguments.
    pub(crate) fn question(
        &mut self,
        service: &Service,
        client: &Client,
        number: u64,
        turn: &QuestionTurn,
        reply: &mut Reply,
    ) -> Step {
        let mut cursor = turn.in_use;
        let mut shown = std::mem::take(&mut self.shown);
        let asked = WorkerContext::visit(&turn.row, |context| {
            let mut part = context.workspace.part();
            let functions = service.marshal().functions();
            let mut outgoing = Outgoing {
                translations: &functions.translations,
                handles: service.marshal().handles(),
                client: client.channel.id(),
                arena: client.channel.arena(),
                cursor: &mut cursor,
                scratch: &mut part,
                fresh: &mut shown,
            };
            for slot in self.kind.question.iter() {
                shape::ask(self, functions, &mut outgoing, slot, &mut reply.words)?;
            }
            Ok(())
        });
        self.shown = shown;
        asked.unwrap_or_else(|error| Err(no_room(error)))?;
        reply.status = Status::Callback;
        reply.count = self.kind.question.words() as u32;
        reply.words[..QUESTION_WORDS].copy_from_slice(&[number, turn.depth, cursor]);
        Ok(())
    }
}
