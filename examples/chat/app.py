"""A chat: each room and each user is a process. A room that crashes is started anew, and its users join it again by its name.

    cloison run examples/chat < examples/chat/script.txt
    cloison run examples/chat
"""

import sys

import cloison
from cloison import Call, Child, Down, Process, RunningSupervisor, Server, Supervisor, call, cast, message, receive, register, whereis

ROOMS = ("garden", "kitchen", "library")
USAGE = "/as USER, /join ROOM, /say TEXT, /who ROOM, /crash ROOM, /quit"
PATIENCE = 5.0


@message(frozen=True)
class Line:
    """What a user is to see."""

    user: str
    text: str

    def __str__(self) -> str:
        return f"{self.user:>8} | {self.text}"


class Room(Server):
    """Tells its members what one of them says; the answer is who they are. A member that ends has left."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: dict[Process, str] = {}
        self.said = 0

    def tell(self, text: str) -> list[str]:
        for member in self.members:
            cast(member, f"{self.name}: {text}")
        return list(self.members.values())

    def handle_call(self, request, sender: Call):
        match request:
            case ("join", name, again):
                sender.sender.monitor()
                self.members[sender.sender] = name
                return [] if again else self.tell(f"{name} is here")
            case ("say", text):
                self.said += 1
                return self.tell(f"<{self.members[sender.sender]}> {text}")
            case "who":
                return sorted(self.members.values()), self.said

    def handle_cast(self, request) -> None:
        raise RuntimeError(f"a bug in the {self.name}")

    def handle_info(self, message) -> None:
        if type(message) is Down and message.process in self.members:
            self.tell(f"{self.members.pop(message.process)} has left")


class User(Server):
    """Somebody who is in one room, or in none yet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.room: str | None = None
        self.process: Process | None = None

    def join(self, room: str, *, again: bool = False) -> list[str]:
        process = find(f"room:{room}")
        process.monitor()
        self.room, self.process = room, process
        return call(process, ("join", self.name, again))

    def handle_call(self, request, sender: Call):
        try:
            match request:
                case ("join", room) if self.room is None:
                    return self.join(room)
                case ("say", text) if self.process is not None:
                    return call(self.process, ("say", text))
                case "room":
                    return self.room
            raise ValueError("/join a room first" if self.room is None else f"{self.name} is in the {self.room}")
        except (cloison.Error, ValueError) as error:
            cloison.reply_error(sender, error)
            return Server.LATER

    def handle_cast(self, text: str) -> None:
        cloison.send("terminal", Line(self.name, text))

    def handle_info(self, message) -> None:
        if type(message) is Down and message.process == self.process and self.room is not None:
            self.handle_cast(f"{self.room} has ended: {message.reason}")
            try:
                self.join(self.room, again=True)
                self.handle_cast(f"{self.room}: joined again")
            except cloison.ProcessDown:
                pass  # it has ended once more, and its next Down is under way


def find(name: str) -> Process:
    """Return the process of that name. Its supervisor may need a moment to start it anew."""
    process = whereis(name, timeout=PATIENCE)
    if process is None:
        raise cloison.Error(f"there is no {name}")
    return process


def members(room: str) -> tuple[list[str], int]:
    """Return who is in a room, and how much they have said."""
    return call(find(f"room:{room}"), "who")


def show(names: list[str]) -> None:
    """Print a line of each user, in the order of their names: nobody knows in which order they come."""
    for name in sorted(names):
        print(receive(lambda message: type(message) is Line and message.user == name, timeout=PATIENCE), flush=True)


def catch_up() -> None:
    """Print what has come since the last line."""
    try:
        while True:
            print(receive(Line, timeout=0), flush=True)
    except TimeoutError:
        pass


def users(tree: RunningSupervisor) -> RunningSupervisor:
    """Return the supervisor of the users. Whoever has control over the tree has it over that."""
    (process,) = [child.process for child in tree.which_children() if child.name == "users" and child.process is not None]
    return RunningSupervisor(process)


def obey(command: str, user: str, tree: RunningSupervisor) -> str:
    """Do what a line says, in the name of a user; return the user of the next line."""
    verb, _, rest = command.strip().partition(" ")
    if verb in ("/join", "/say", "/quit") and not user:
        raise ValueError("say who you are: /as USER")
    if verb in ("/join", "/who", "/crash") and rest not in ROOMS:
        raise ValueError(f"the rooms are {', '.join(ROOMS)}")
    match verb:
        case "/as" if rest:
            if whereis(f"user:{rest}") is None:
                users(tree).start_child(Child(User, rest, name=rest, register=f"user:{rest}", restart="temporary"))
            return rest
        case "/join" | "/say":
            show(call(f"user:{user}", (verb[1:], rest)))
        case "/who":
            names, said = members(rest)
            print(f"{rest}: {', '.join(names) or 'nobody'}; said since it began: {said}", flush=True)
        case "/crash":
            names, _ = members(rest)
            find(f"room:{rest}").monitor()
            cast(f"room:{rest}", "crash")
            receive(Down, timeout=PATIENCE)
            show(names * 2)
        case "/quit":
            room = call(f"user:{user}", "room")
            names = members(room)[0] if room else []
            users(tree).terminate_child(user)
            show([name for name in names if name != user])
            return ""
        case _:
            raise ValueError(USAGE)
    return user


def main() -> None:
    """Obey line after line."""
    register("terminal")
    rooms = Supervisor([Child(Room, name, name=name, register=f"room:{name}") for name in ROOMS], within=60.0)
    tree = Supervisor([Child(rooms, name="rooms"), Child(Supervisor(), name="users")]).start(name="chat", link=True)
    user = ""
    for command in sys.stdin:
        catch_up()
        try:
            user = obey(command, user, tree)
        except (cloison.Error, ValueError, TimeoutError) as error:
            print(error, flush=True)
