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
hidden byte who, wait, count;              /* within one step */

inline leave(receiver, number)
{
    if
    :: line??[eval(receiver),eval(number)] -> line??eval(receiver),eval(number)
    :: else
    fi
}

#define IS_WAITING (waits[who] == wait && !over[who])

/* Find the first of the line, end its wait, take it out; look on if somebody else was quicker. An inline would be a
 * state more before its loop.
 */
#define WAKE_ONE \
    do \
    :: empty(line) -> break \
    :: atomic { line?<who,wait> -> hands!who,wait }; \
        atomic { hands?<who,wait> -> won = IS_WAITING; over[who] = over[who] || won }; \
        if \
        :: atomic { won -> won = false; hands?who,wait; leave(who, wait) } -> break \
        :: atomic { !won -> hands?who,wait; leave(who, wait) } \
        fi \
    od

inline copy_line()
{
    count = len(line);
    do
    :: count > 0 ->
        line?who,wait;
        line!who,wait;
        hands!who,wait;
        count--
    :: else -> break
    od
}

#define IS_LAST (!STAYS && holding == 1)

active [SENDERS] proctype Sender()
{
    byte left = MESSAGES;
    chan hands = [RECEIVERS] of { byte, byte }; /* whom it is about to wake */
    bool won;
    do
#ifdef WAKES_FIRST
    :: left > 0 ->
        WAKE_ONE;
        atomic { queued++; left-- }
#else
    :: atomic { left > 0 -> queued++; left-- };
        WAKE_ONE
#endif
    :: atomic { left == 0 && !IS_LAST -> holding--; through++ } -> goto end_through
    :: atomic { left == 0 && IS_LAST -> holding--; gone = true } -> break
    od;
#ifdef WAKES_ONE_AT_THE_END
    if
    :: empty(line)
    :: atomic { line?<who,wait> -> hands!who,wait }
    fi;
#else
    atomic { copy_line() };
#endif
    do
    :: atomic { hands?who,wait -> over[who] = over[who] || IS_WAITING }
    :: atomic { empty(hands) -> through++ } -> break
    od;
end_through:
    false
}

#define ME (_pid - SENDERS)

active [RECEIVERS] proctype Receiver()
{
    chan hands = [RECEIVERS] of { byte, byte };
    bool won, last;
tries:
    if
    :: atomic { queued > 0 -> queued--; received++; last = false } -> goto tries
    :: atomic { queued == 0 && last -> told++ } -> goto end_told
    :: queued == 0 && !last
    fi;
    if
    :: atomic { gone -> last = true } -> goto tries
    :: !gone
    fi;
    atomic {
        waits[ME]++;
        over[ME] = false;
        line!ME,waits[ME]
    };
#ifndef NO_SECOND_LOOK
    if
    :: queued > 0 -> goto withdraws
    :: queued == 0
    fi;
    if
    :: gone -> goto withdraws
    :: !gone
    fi;
#endif
end_asleep:
    over[ME] -> goto leaves;
withdraws:
    over[ME] = true;
leaves:
    atomic { leave(ME, waits[ME]) };
    if
    :: len(line) > 0 && queued > 1 -> WAKE_ONE
    :: !(len(line) > 0 && queued > 1)
    fi;
    goto tries;
end_told:
    false
}

ltl ends { <> (through == SENDERS && received == ALL && (STAYS || told == RECEIVERS)) }
