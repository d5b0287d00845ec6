/* Sends that may time out, beside sends that wait, written for Spin: a second opinion of models/timeouts.py.
 * Defined from outside: CAPACITY, TIMED, UNTIMED (senders of one message each), and the twins:
 * SWALLOWS_WAKEUP, TOO_LATE, REMOVES_BY_NAME.
 */

#define SENDERS (TIMED + UNTIMED)

chan buffer = [CAPACITY] of { byte };    /* senders */
chan line = [SENDERS] of { byte, byte }; /* a sender, and which of its waits this is */
byte waits[SENDERS];
bool over[SENDERS];                      /* whether its present wait has ended */
bool lost[SENDERS];                      /* it timed out */
bool got[SENDERS];                       /* its message was received */
byte finished;

active [SENDERS] proctype Sender()
{
    bool late;
tries:
    atomic {
        if
        :: len(buffer) < CAPACITY ->
            buffer!_pid;
#ifdef TOO_LATE
            if
            :: late -> goto gives_up
            :: else
            fi;
#endif
            goto ends
        :: else ->
            if
            :: late -> goto gives_up
            :: else
            fi
        fi
    };
    atomic {
        waits[_pid]++;
        over[_pid] = false;
        line!_pid,waits[_pid]
    };
    if
    :: len(buffer) < CAPACITY -> skip
    :: else ->
        do
        :: over[_pid] -> break
        :: _pid < TIMED && !over[_pid] -> skip /* time may stand still, and whoever is woken wakes */
        :: _pid < TIMED -> late = true; break
        od
    fi;
    over[_pid] = true;
    atomic {
        if
        :: line??[eval(_pid),eval(waits[_pid])] -> line??eval(_pid),eval(waits[_pid])
        :: else
        fi;
#ifdef SWALLOWS_WAKEUP
        if
        :: late -> goto gives_up
        :: else
        fi;
#endif
        goto tries
    };
gives_up:
    atomic {
        assert(!buffer??[eval(_pid)] && !got[_pid] && !line??[eval(_pid),eval(waits[_pid])]);
        lost[_pid] = true
    };
ends:
    finished++
}

active proctype Receiver()
{
    byte who, wait, any;
    bool won;
end_takes:
    atomic {
        buffer?who;
        assert(!lost[who]);
        got[who] = true
    };
looks:
    atomic {
        if
        :: len(line) > 0 -> line?<who,wait>
        :: else -> goto end_takes
        fi
    };
    atomic {
        won = waits[who] == wait && !over[who];
        if
        :: won -> over[who] = true
        :: else
        fi
    };
    atomic {
        if
#ifdef REMOVES_BY_NAME
        :: line??[eval(who),any] -> line??eval(who),any
#else
        :: line??[eval(who),eval(wait)] -> line??eval(who),eval(wait)
#endif
        :: else
        fi;
        if
        :: won -> goto end_takes
        :: else -> goto looks
        fi
    }
}

ltl ends { <> (finished == SENDERS && len(buffer) == 0) }
