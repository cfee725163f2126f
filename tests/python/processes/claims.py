# For tests/tests/processes.rs, with the module `_bytes`: what a process says of others is not believed.
import cloison
from _bytes import decode, encode
from cloison import Call, Down, Exit, MessageError, Reason, Server, receive, reply, spawn
from cloison import _claims, _processes


def made(number, token=bytes(15) + b"\1"):
    """A Process that nobody has given to anybody, as if with control."""
    own = encode(cloison.self())
    return decode(own[:-24] + number.to_bytes(8, "little") + token)


def reference(number, count):
    """A Reference of that process's, guessed."""
    own = encode(cloison.make_reference())
    return decode(own[:-16] + number.to_bytes(8, "little") + count.to_bytes(8, "little"))


class Admin(Server):
    def __init__(self, admin):
        self.admin = admin
        self.heard = []

    def handle_call(self, request, sender):
        if request == "heard":
            return self.heard
        return "secret" if sender.sender == self.admin else "no"

    def handle_info(self, message):
        self.heard.append(str(message) if isinstance(message, MessageError) else type(message).__name__)


def impostor(server, boss, to):
    cloison.trap_exits()
    fake = made(boss.number)
    to.send(("equal by number", fake == boss, hash(fake) == hash(boss)))
    for sender in fake, boss, "boss", None:
        server.send(Call("x", sender, cloison.make_reference()))
    server.send(Down(boss, Reason("killed"), cloison.make_reference()))
    server.send(Exit(boss, Reason("shutdown")))
    fake.kill()
    fake.send("to the boss")
    fake.link()
    to.send(("and asked honestly", cloison.call(server, "x")))


def answers():
    call = receive(Call)
    receive(str, timeout=300)
    reply(call, "the true answer")


def forges_answers(victim, server):
    for count in range(200):
        guessed = reference(victim.number, count)
        victim.send(_processes._Reply(guessed, "forged", False))
        victim.send(_claims.Done(guessed, "forged", None))
    server.send("go on")


def passes_on(to):
    call = receive(Call)
    to.send(("pass", call))
    receive()  # whoever ends is no longer waited for


def main():
    me = cloison.self()
    server = Admin.start(me)
    print("the boss asks:", cloison.call(server, "x"))
    spawn(impostor, server, me, me)
    print(*receive(tuple, timeout=300))
    print(*receive(tuple, timeout=300))
    for line in cloison.call(server, "heard"):
        print(line.replace(f"process {server.number + 1}", "process N"))

    server = spawn(answers)
    spawn(forges_answers, me, server)
    print("called:", cloison.call(server, "?", timeout=300))
    while True:
        try:
            receive(timeout=0)
        except TimeoutError:
            break

    # A Call can be passed on, by whoever has it, to whoever is to answer it.
    def asks_through():
        middle = spawn(passes_on, cloison.self())
        asker = spawn(asks, middle, me)
        _, call = receive(tuple, timeout=300)
        reply(call, ("passed on", call.sender == asker))

    asks_through()
    print(*receive(tuple, timeout=300))


def asks(middle, to):
    to.send(cloison.call(middle, "?", timeout=300))


if __name__ == "__main__":
    main()
