/* How receivers that wait and senders find each other without a lock, written for Spin: a second opinion of
 * models/waiting.py. Defined from outside: SENDERS, MESSAGES (of each), RECEIVERS, STAYS (1: the senders keep their
 * handles), and the twins: NO_SECOND_LOOK, WAKES_FIRST, WAKES_ONE_AT_THE_END.
 */

#define ALL (SENDERS * MESSAGES)

byte queued, received;
bool gone;                                 /* all senders are */
chan line = [RECEIVERS] of { byte, byte }; /* a receiver, and which of its waits this is */
byte waits[RECEIVERS];
bool over[RECEIVERS] = true;               /* whether its present wait has ended */
byte holding = SENDERS;                    /* a handle */
byte through, told;                        /* senders, receivers */

inline leave(receiver, number)
{
    if
    :: line??[eval(receiver),eval(number)] -> line??eval(receiver),eval(number)
    :: else
    fi
}

inline end_wait(receiver, number)
{
    won = waits[receiver] == number && !over[receiver];
    if
    :: won -> over[receiver] = true
    :: else
    fi
}

/* Find the first of the line, end its wait, take it out; look on if somebody else was quicker. */
inline wake_one()
{
    won = false;
    do
    :: won -> break
    :: !won && len(line) == 0 -> break
    :: atomic { !won && len(line) > 0 -> line?<who,wait> };
        atomic { end_wait(who, wait) };
        atomic { leave(who, wait) }
    od
}

active [SENDERS] proctype Sender()
{
    byte left = MESSAGES, who, wait, turn, count;
    byte whom[RECEIVERS], when[RECEIVERS];
    bool won;
    do
    :: left > 0 ->
#ifdef WAKES_FIRST
        wake_one();
        atomic { queued++; left-- }
#else
        atomic { queued++; left-- };
        wake_one()
#endif
    :: else -> break
    od;
    atomic {
        holding--;
        if
        :: STAYS || holding > 0 -> goto ends
        :: else -> gone = true
        fi
    };
    atomic {
        count = len(line);
        turn = 0;
        do
        :: turn < count ->
            line?who,wait;
            line!who,wait;
            whom[turn] = who;
            when[turn] = wait;
            turn++
        :: else -> break
        od;
#ifdef WAKES_ONE_AT_THE_END
        count = (count > 1 -> 1 : count);
#endif
        turn = 0
    };
    do
    :: atomic { turn < count -> end_wait(whom[turn], when[turn]); turn++ }
    :: turn == count -> break
    od;
ends:
    through++
}

#define ME (_pid - SENDERS)

active [RECEIVERS] proctype Receiver()
{
    byte who, wait;
    bool won, last;
tries:
    atomic {
        if
        :: queued > 0 -> queued--; received++; last = false; goto tries
        :: queued == 0 && last -> goto ends
        :: else
        fi
    };
    atomic {
        last = gone;
        if
        :: last -> goto tries
        :: else
        fi
    };
    atomic {
        waits[ME]++;
        over[ME] = false;
        line!ME,waits[ME]
    };
#ifndef NO_SECOND_LOOK
    if
    :: queued > 0 -> goto withdraws
    :: else
    fi;
    if
    :: gone -> goto withdraws
    :: else
    fi;
#endif
end_asleep:
    over[ME] -> goto leaves;
withdraws:
    over[ME] = true;
leaves:
    atomic { leave(ME, waits[ME]) };
    if
    :: len(line) > 0 && queued > 1 -> wake_one()
    :: else
    fi;
    goto tries;
ends:
    told++
}

ltl ends { <> (through == SENDERS && received == ALL && (STAYS || told == RECEIVERS)) }
