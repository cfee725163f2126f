%% The Savina micro benchmarks as processes of Erlang. Prints the nanoseconds that the work has taken.
-module(savina).
-export([main/1]).

main([What, Count]) ->
    Elapsed = run(list_to_atom(What), list_to_integer(Count)),
    io:format("~p~n", [Elapsed]),
    halt(0).

clock() -> erlang:monotonic_time(nanosecond).

run(ping_pong, Count) ->
    Other = spawn_link(fun echo/0),
    Start = clock(),
    ping(Other, Count),
    clock() - Start;
run(counting, Count) -> throughput(Count, 1);
run(fork_join_throughput, Count) -> throughput(Count, 10);
run(fork_join_create, Count) ->
    Me = self(),
    Start = clock(),
    [spawn_link(fun() -> Me ! N end) || N <- lists:seq(1, Count)],
    [receive _ -> ok end || _ <- lists:seq(1, Count)],
    clock() - Start;
run(thread_ring, Count) ->
    Me = self(),
    [First | _] = Ring = [spawn_link(fun() -> receive Next -> link_in(Next, Me) end end) || _ <- lists:seq(1, 20)],
    [One ! Next || {One, Next} <- lists:zip(Ring, tl(Ring) ++ [First])],
    Start = clock(),
    First ! Count,
    receive done -> ok end,
    clock() - Start;
run(chameneos, Count) ->
    Me = self(),
    Mall = spawn_link(fun() -> meetings(Count), Me ! done, sleep() end),
    Creatures = [spawn_link(fun() -> receive go -> creature(Mall) end end) || _ <- lists:seq(1, 10)],
    Start = clock(),
    [One ! go || One <- Creatures],
    receive done -> ok end,
    clock() - Start;
run(big, Count) ->
    Me = self(),
    All = [spawn_link(fun() -> receive {others, Others} -> receive go -> neighbour(Others, Count, 0, Me) end end end)
           || _ <- lists:seq(1, 10)],
    [One ! {others, list_to_tuple(All -- [One])} || One <- All],
    Start = clock(),
    [One ! go || One <- All],
    [receive done -> ok end || _ <- All],
    clock() - Start.

echo() -> receive {From, N} -> From ! N, echo() end.

ping(_, 0) -> ok;
ping(Other, N) -> Other ! {self(), N}, receive N -> ok end, ping(Other, N - 1).

throughput(Count, Processes) ->
    Me = self(),
    Others = [spawn_link(fun() -> counter(Me, 0) end) || _ <- lists:seq(1, Processes)],
    Start = clock(),
    [[Other ! 1 || Other <- Others] || _ <- lists:seq(1, Count)],
    [Other ! stop || Other <- Others],
    [receive Count -> ok end || _ <- Others],
    clock() - Start.

counter(Parent, Total) -> receive stop -> Parent ! Total; N -> counter(Parent, Total + N) end.

link_in(Next, Parent) ->
    receive
        0 -> Parent ! done, link_in(Next, Parent);
        Left -> Next ! Left - 1, link_in(Next, Parent)
    end.

creature(Mall) -> Mall ! self(), receive _ -> creature(Mall) end.

meetings(0) -> ok;
meetings(Count) ->
    One = receive A -> A end,
    Other = receive B -> B end,
    One ! 1,
    Other ! 1,
    meetings(Count - 1).

neighbour(Others, Count, 0, Parent) ->
    element(1, Others) ! {self(), ping},
    neighbours(Others, Count, 0, Parent).

neighbours(Others, Count, Answered, Parent) ->
    receive
        {From, ping} -> From ! {self(), pong}, neighbours(Others, Count, Answered, Parent);
        {_, pong} when Answered + 1 =:= Count -> Parent ! done, neighbours(Others, Count, Count, Parent);
        {_, pong} ->
            element((Answered + 1) rem tuple_size(Others) + 1, Others) ! {self(), ping},
            neighbours(Others, Count, Answered + 1, Parent)
    end.

sleep() -> receive never -> ok end.
