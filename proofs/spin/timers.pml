/* Channels whose messages time makes, written for Spin: a second opinion of models/timers.py.
 * Defined from outside: RECEIVERS (3 at most), LIMIT0 to LIMIT2 (NEVER: none), FIRST, PERIOD (0: one message), WANTED
 * (of each), UNTIL, and the twins: TOO_EARLY, LOOKS_THEN_TAKES.
 */

#define NEVER 255

byte now;
byte due = FIRST;
byte limit[3] = { LIMIT0, LIMIT1, LIMIT2 };
bool done[3], asleep[3];
chan got[3] = [WANTED] of { byte, byte }; /* the instant that the message says, and when it was taken */
bool taken[UNTIL + 2];                    /* by the instant that the message says */
byte newest;                              /* the tick taken last, and 0 before any */

#ifdef TOO_EARLY
#define IS_DUE (due <= now + 1)
#else
#define IS_DUE (due <= now)
#endif

#ifdef LOOKS_THEN_TAKES
#define MAY_TAKE true
#else
#define MAY_TAKE (due == seen)
#endif

inline take()
{
    assert(seen <= now);
    assert(!taken[seen]);
    assert(newest == 0 || seen - newest >= PERIOD);
    taken[seen] = true;
    newest = seen;
    got[_pid]!seen,now;
    due = (PERIOD == 0 -> NEVER : (seen + PERIOD > now -> seen + PERIOD : now + PERIOD));
    seen = 0
}

active [RECEIVERS] proctype Receiver()
{
    byte seen; /* the message that it is about to claim */
tries:
    if
    :: atomic { IS_DUE -> seen = due }
    :: atomic { !IS_DUE && limit[_pid] <= now -> done[_pid] = true } -> goto end_done
    :: atomic { !IS_DUE && limit[_pid] > now -> asleep[_pid] = true } -> goto end_asleep
    fi;
    if
    :: atomic { MAY_TAKE && len(got[_pid]) + 1 < WANTED -> take() } -> goto tries
    :: atomic { MAY_TAKE && len(got[_pid]) + 1 == WANTED -> take(); done[_pid] = true } -> goto end_done
    :: atomic { !MAY_TAKE -> seen = 0 } -> goto tries
    fi;
end_asleep:
    atomic { due <= now || limit[_pid] <= now -> asleep[_pid] = false } -> goto tries;
end_done:
    false
}

active proctype Clock()
{
end_over:
    do
    :: atomic { now < UNTIL -> now++ }
    od
}

#define RESTS(who) (who >= RECEIVERS || done[who] || (asleep[who] && due > UNTIL && limit[who] > UNTIL))

ltl ends { <> (RESTS(0) && RESTS(1) && RESTS(2)) }
