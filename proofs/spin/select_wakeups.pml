/* A select that was woken for one channel and takes from another, written for Spin: a second opinion of
 * models/select_wakeups.py.
 * Defined from outside: CHANNELS, SENDERS, RECEIVERS (3 at most), TO00 to TO20 (of which sender: its channel), FROM00 to
 * FROM21 (of which receiver, which of its channels; NONE: no such channel), and the twin: PASSES_NOTHING_ON.
 * A step is a d_step: by its manual, though not in 6.5.2, Spin makes one step of two atomic ones in succession.
 */

#define NONE 255
#define ME (_pid - SENDERS)

mtype = { sends, wakes, tries, enters, looks, asleep, leaves, passes_on, done };

byte to[3] = { TO00, TO10, TO20 };
byte from[6] = { FROM00, FROM01, FROM10, FROM11, FROM20, FROM21 };
byte queued[CHANNELS];
chan line[CHANNELS] = [2 * RECEIVERS] of { byte }; /* receivers */
bool over[3] = true;                               /* whether somebody ended its wait */
mtype sender[3] = sends;
mtype receiver[3] = tries;
hidden byte who, won;                              /* within one step */

#define FROM(number) from[2 * ME + (number)]
#define HAS(number) (number < 2 && FROM(number) != NONE)

/* Wake the first of the line whose wait is not over. */
inline wake_one(channel)
{
    won = false;
    do
    :: !won && len(line[channel]) > 0 ->
        line[channel]?who;
        won = !over[who];
        over[who] = true
    :: else -> break
    od
}

active [SENDERS] proctype Sender()
{
end_rests:
    do
    :: d_step { sender[_pid] == sends -> queued[to[_pid]]++; sender[_pid] = wakes }
    :: d_step { sender[_pid] == wakes -> wake_one(to[_pid]); sender[_pid] = done }
    od
}

#define HAS_MESSAGE(thread, number) (from[2 * (thread) + (number)] != NONE && queued[from[2 * (thread) + (number)]] > 0)
#define HAS_ANY(thread) (HAS_MESSAGE(thread, 0) || HAS_MESSAGE(thread, 1))
#define STANDS(number) (HAS(number) && line[FROM(number)]??[eval(ME)])

inline enter(number)
{
    if
    :: HAS(number) -> line[FROM(number)]!ME
    :: else
    fi
}

inline leave(number)
{
    if
    :: STANDS(number) -> line[FROM(number)]??eval(ME)
    :: else
    fi
}

/* Of one message in its only channel a receiver makes use itself. */
inline pass_on(number)
{
    if
    :: HAS(number) && len(line[FROM(number)]) > 0 && queued[FROM(number)] > (HAS(1) -> 0 : 1) -> wake_one(FROM(number))
    :: else
    fi
}

active [RECEIVERS] proctype Receiver()
{
end_rests:
    do
    :: d_step { receiver[ME] == tries && HAS_MESSAGE(ME, 0) -> queued[FROM(0)]--; receiver[ME] = done }
    :: d_step { receiver[ME] == tries && HAS_MESSAGE(ME, 1) -> queued[FROM(1)]--; receiver[ME] = done }
    :: d_step { receiver[ME] == tries && !HAS_ANY(ME) -> receiver[ME] = enters }
    :: d_step { receiver[ME] == enters -> enter(0); enter(1); over[ME] = false; receiver[ME] = looks }
    :: d_step { receiver[ME] == looks -> receiver[ME] = (HAS_ANY(ME) -> leaves : asleep) }
    :: d_step { receiver[ME] == asleep && over[ME] -> receiver[ME] = leaves }
    :: d_step {
            receiver[ME] == leaves ->
            leave(0);
            leave(1);
            assert(!STANDS(0) && !STANDS(1));
            over[ME] = true;
            receiver[ME] = passes_on
        }
    :: d_step {
            receiver[ME] == passes_on ->
#ifndef PASSES_NOTHING_ON
            pass_on(0);
            pass_on(1);
#endif
            receiver[ME] = tries
        }
    od
}

#define SENT(thread) (thread >= SENDERS || sender[thread] == done)
#define SLEEPS_WELL(thread) (receiver[thread] == asleep && !over[thread] && !HAS_ANY(thread))
#define RESTS(thread) (thread >= RECEIVERS || receiver[thread] == done || SLEEPS_WELL(thread))

ltl ends { <> (SENT(0) && SENT(1) && SENT(2) && RESTS(0) && RESTS(1) && RESTS(2)) }
