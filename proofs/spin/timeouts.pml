/* Sends that may time out, beside sends that wait, written for Spin: a second opinion of models/timeouts.py.
 * Defined from outside: CAPACITY, TIMED, UNTIMED (senders of one message each), and the twins:
 * SWALLOWS_WAKEUP, TOO_LATE, REMOVES_BY_NAME.
 */

#define SENDERS (TIMED + UNTIMED)

chan buffer = [CAPACITY] of { byte };    /* senders */
chan line = [SENDERS] of { byte, byte }; /* a sender, and which of its waits this is */
byte waits[SENDERS];
bool over[SENDERS] = true;               /* whether its present wait has ended */
bool lost[SENDERS];                      /* it timed out */
bool got[SENDERS];                       /* its message was received */
byte finished;
hidden byte who, wait;                   /* within one step */

inline leave(sender, number)
{
    if
    :: line??[eval(sender),eval(number)] -> line??eval(sender),eval(number)
    :: else
    fi
}

inline give_up()
{
    assert(!buffer??[eval(_pid)] && !got[_pid] && !line??[eval(_pid),eval(waits[_pid])]);
    lost[_pid] = true;
    finished++
}

active [SENDERS] proctype Sender()
{
    bool late;
tries:
    if
#ifdef TOO_LATE
    :: atomic { late && nfull(buffer) -> buffer!_pid; give_up() } -> goto end_late
    :: atomic { !late && nfull(buffer) -> buffer!_pid; finished++ } -> goto end_sent
#else
    :: atomic { buffer!_pid -> finished++ } -> goto end_sent
#endif
    :: atomic { full(buffer) && late -> give_up() } -> goto end_late
    :: full(buffer) && !late
    fi;
    atomic {
        waits[_pid]++;
        over[_pid] = false;
        line!_pid,waits[_pid]
    };
    if
    :: nfull(buffer) -> goto withdraws
    :: full(buffer)
    fi;
asleep:
    if
    :: over[_pid]
    :: _pid < TIMED && !over[_pid] -> goto asleep /* time may stand still, and whoever is woken wakes */
    :: _pid < TIMED -> late = true
    fi;
withdraws:
    over[_pid] = true;
    if
#ifdef SWALLOWS_WAKEUP
    :: atomic { late -> leave(_pid, waits[_pid]); give_up() } -> goto end_late
    :: atomic { !late -> leave(_pid, waits[_pid]) } -> goto tries
#else
    :: atomic { leave(_pid, waits[_pid]) } -> goto tries
#endif
    fi;
end_late:
    false;
end_sent:
    false
}

inline remove()
{
    hand?who,wait;
#ifdef REMOVES_BY_NAME
    if
    :: line??[eval(who),wait] -> line??eval(who),wait
    :: else
    fi
#else
    leave(who, wait)
#endif
}

active proctype Receiver()
{
    chan hand = [1] of { byte, byte }; /* whom it is about to wake */
    bool won;
end_takes:
    atomic {
        buffer?who ->
        assert(!lost[who]);
        got[who] = true
    };
looks:
    if
    :: empty(line) -> goto end_takes
    :: atomic { line?<who,wait> -> hand!who,wait }
    fi;
    atomic {
        hand?<who,wait> ->
        won = waits[who] == wait && !over[who];
        over[who] = over[who] || won
    };
    if
    :: atomic { won -> won = false; remove() } -> goto end_takes
    :: atomic { !won -> remove() } -> goto looks
    fi
}

ltl ends { <> (finished == SENDERS && len(buffer) == 0) }
