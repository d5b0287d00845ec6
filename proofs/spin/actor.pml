/* An actor, and clients that ask it once, written for Spin: a second opinion of models/actor.py.
 * Defined from outside: CLIENTS (3 at most), and the twins: FORGETS_ASKS, CLOSES_ASKS_FIRST, KEEPS_FOR_EVER.
 */

#if CLIENTS > 3
#error "there is room for three clients"
#endif

mtype = { reply };

chan mailbox = [CLIENTS] of { byte };       /* requests, by the client's number */
chan answers[CLIENTS] = [1] of { mtype };   /* a reply channel each */
bool asks[CLIENTS], kept[3];                /* of whom the reply channel is noted, the reply sender kept */
bool closed[CLIENTS];                       /* reply senders */
bool shut;                                  /* the mailbox */
bool lives = true;

active [CLIENTS] proctype Client()
{
    asks[_pid] = true;
    if
    :: atomic { !shut -> mailbox!_pid }
    :: atomic { shut -> asks[_pid] = false; closed[_pid] = true } -> goto end_refused
    fi;
    if
    :: answers[_pid]?reply -> goto end_answered
    :: closed[_pid] && empty(answers[_pid])
    fi;
end_told:
    false;
end_answered:
    false;
end_refused:
    false
}

inline answer(client)
{
    asks[client] = false;
    kept[client] = false;
    if
    :: closed[client]
    :: else -> answers[client]!reply
    fi
}

inline shut_mailbox()
{
    do
    :: mailbox?_
    :: empty(mailbox) -> break
    od;
    shut = true
}

inline close_asks()
{
    who = 0;
    do
    :: who < CLIENTS ->
        closed[who] = closed[who] || asks[who];
        kept[who] = kept[who] && !asks[who];
        asks[who] = false;
        who++
    :: else -> break
    od;
    who = 0
}

active proctype Actor()
{
    byte who;
    {
end_lives:
        do
        :: atomic { mailbox?who -> answer(who); who = 0 }
        :: atomic { mailbox?who -> kept[who] = true; who = 0 }
        :: atomic { kept[0] -> answer(0) }
#if CLIENTS > 1
        :: atomic { kept[1] -> answer(1) }
#endif
#if CLIENTS > 2
        :: atomic { kept[2] -> answer(2) }
#endif
#ifdef KEEPS_FOR_EVER
        :: kept[0] || kept[1] || kept[2]
#endif
        od
    } unless {
#ifdef CLOSES_ASKS_FIRST
        atomic { !lives -> close_asks() };
        atomic { shut_mailbox() }
#else
        atomic { !lives -> shut_mailbox() };
#ifndef FORGETS_ASKS
        atomic { close_asks() }
#endif
#endif
    };
end_dead:
    false
}

/* It raises, or is stopped, at any moment or never. */
active proctype Stop()
{
    do
    :: lives
    :: lives = false -> break
    od;
end_stopped:
    false
}

#define ENDED(client) (Client[client]@end_answered || Client[client]@end_told || Client[client]@end_refused)
#if CLIENTS == 1
#define ALL_ENDED ENDED(0)
#elif CLIENTS == 2
#define ALL_ENDED (ENDED(0) && ENDED(1))
#else
#define ALL_ENDED (ENDED(0) && ENDED(1) && ENDED(2))
#endif

ltl ends { <> ALL_ENDED }
