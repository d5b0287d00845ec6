/* A side that goes, and an operation that is under way, written for Spin: a second opinion of models/disconnection.py.
 * Defined from outside: either SENDERS (3 at most, of one message each), and the receiver leaves, with the twins NO_END
 * and DESTROYS_FIRST; or SENDS (by one handle), and the handle is closed, with the twins NO_SECOND_TAKE and NO_LEASE.
 */

mtype = { message };

#ifdef SENDERS

chan queue = [SENDERS] of { mtype };
bool ended;   /* END is in the receiver's line */
bool refuses; /* messages do not go in any more */

/* An inline would be a state more before its loop. */
#define DESTROY_ALL do :: queue?_ :: empty(queue) -> break od

active [SENDERS] proctype Sender()
{
    if
    :: refuses -> goto end_refused
    :: !refuses
    fi;
    queue!message;
    if
    :: ended
    :: !ended -> goto end_sent
    fi;
    if
    :: refuses
    :: !refuses -> goto end_sent /* the receiver has yet to destroy what is queued */
    fi;
    DESTROY_ALL;
end_sent:
    false;
end_refused:
    false
}

#ifdef NO_END
#define FIRST refuses
#else
#define FIRST ended
#endif

active proctype Receiver()
{
    do
    :: queue?_
    :: FIRST = true -> break
    od;
#ifdef NO_END
    DESTROY_ALL;
#else
#ifdef DESTROYS_FIRST
    DESTROY_ALL;
    refuses = true;
#else
    refuses = true;
    DESTROY_ALL;
#endif
#endif
end_gone:
    false
}

#define THROUGH(number) (Sender[number]@end_sent || Sender[number]@end_refused)
#if SENDERS == 1
#define ALL_THROUGH THROUGH(0)
#elif SENDERS == 2
#define ALL_THROUGH (THROUGH(0) && THROUGH(1))
#else
#define ALL_THROUGH (THROUGH(0) && THROUGH(1) && THROUGH(2))
#endif

#define IS_OVER (ALL_THROUGH && Receiver@end_gone)

active proctype Watch()
{
end_watches:
    IS_OVER && nempty(queue) -> assert(false)
}

ltl ends { <> IS_OVER }

#else

chan queue = [SENDS] of { mtype };
byte leases; /* sends that are under way */
bool closed; /* the handle */
bool gone;   /* the senders, as far as the receiver may know */
bool told;   /* the receiver */

#ifdef NO_LEASE
#define IS_GONE closed
#else
#define IS_GONE (closed && leases == 0)
#endif

active [SENDS] proctype Send()
{
    if
    :: atomic { !closed -> leases++ }
    :: closed -> goto end_refused
    fi;
    atomic { queue!message; assert(!told) };
    atomic { leases--; gone = gone || IS_GONE };
end_sent:
    false;
end_refused:
    false
}

active proctype Close()
{
    atomic { closed = true; gone = IS_GONE };
end_closed:
    false
}

inline tell()
{
    assert(empty(queue));
    told = true
}

active proctype Receiver()
{
    do
    :: queue?_
    :: empty(queue) ->
        if
        :: !gone
#ifdef NO_SECOND_TAKE
        :: atomic { gone -> tell() } -> break
#else
        :: gone ->
            if
            :: queue?_
            :: atomic { empty(queue) -> tell() } -> break
            fi
#endif
        fi
    od;
end_told:
    false
}

ltl ends { <> told }

#endif
