import cloison
child = cloison.spawn(len, "x")
child.number = 5
child.send()
number: int = cloison.receive(cloison.Down)
cloison.spawn("len")
cloison.spawn(len, "x", nice="3")
cloison.spawn(len, "x", profile=["worker"])
cloison.narrow(child, calls="5")
cloison.narrow(child, call=5)
cloison.lend(cloison.capability("zlib"), child, delegate=True)
cloison.describe(child).name = "x"
cloison.reply(5, 5)
cloison.receive(timeout="soon")
cloison.whereis("x").send(1)
cloison.Child(len, restart="always")
cloison.Supervisor(strategy="all")
cloison.TaskGroup().spawn("len")
cloison.exit(1, 2)
