/* Channels whose messages time makes, written for Spin: a second opinion of models/timers.py.
 * Defined from outside: RECEIVERS (3 at most), LIMIT0 to LIMIT2 (NEVER: none), FIRST, PERIOD (0: one message), WANTED
 * (of each), UNTIL, and the twins: TOO_EARLY, LOOKS_THEN_TAKES.
 */

#define NEVER 255

byte now;
byte due = FIRST;
byte limit[3];
bool done[3], asleep[3];
bool taken[UNTIL + 2]; /* by the instant that the message says */
byte newest;           /* the tick taken last, and 0 before any */

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

active [RECEIVERS] proctype Receiver()
{
    byte seen, count;
    limit[_pid] = (_pid == 0 -> LIMIT0 : (_pid == 1 -> LIMIT1 : LIMIT2));
tries:
    atomic {
        asleep[_pid] = false;
        if
        :: IS_DUE -> seen = due
        :: !IS_DUE && limit[_pid] <= now -> goto ends
        :: else -> asleep[_pid] = true; goto end_asleep
        fi
    };
    atomic {
        if
        :: MAY_TAKE ->
            assert(seen <= now);
            assert(!taken[seen]);
            assert(newest == 0 || seen - newest >= PERIOD);
            taken[seen] = true;
            newest = seen;
            due = (PERIOD == 0 -> NEVER : (seen + PERIOD > now -> seen + PERIOD : now + PERIOD));
            count++;
            if
            :: count == WANTED -> goto ends
            :: else
            fi
        :: else
        fi;
        goto tries
    };
end_asleep:
    (due <= now || limit[_pid] <= now) -> goto tries;
ends:
    done[_pid] = true
}

active proctype Clock()
{
    do
    :: now < UNTIL -> now++
    :: else -> break
    od
}

#define RESTS(who) (who >= RECEIVERS || done[who] || (asleep[who] && due > UNTIL && limit[who] > UNTIL))

ltl ends { <> (RESTS(0) && RESTS(1) && RESTS(2)) }
