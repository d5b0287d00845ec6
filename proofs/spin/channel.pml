/* Senders and receivers round one channel, written for Spin: a second opinion of models/mpsc.py, sync_channel.py,
 * zero_capacity.py and mpmc.py, with Spin's own channels and processes. Defined from outside:
 *   SENDERS, MESSAGES (of each), RECEIVERS
 *   SIZE       messages that the channel has room for; 0: a rendezvous
 *   CAPACITY   messages that it may hold at most; SIZE unless the twin is OneTooMany
 *   EARLY      receivers may leave at any moment
 * and the twins: TELL_EARLY, LAZY, LOST_PERMIT, ONE_IS_TOLD, NEWEST_FIRST, TWICE, NOBODY_IS_TOLD.
 */

chan queue = [SIZE] of { byte, byte };  /* sender, number */
byte senders = SENDERS;                 /* open handles */
byte receivers = RECEIVERS;
byte told, sent, got, gone;
byte places = SIZE;

#ifdef TELL_EARLY
#define THE_END (senders == 0)
#else
#ifdef ONE_IS_TOLD
#define THE_END (senders == 0 && empty(queue) && told == 0)
#else
#ifdef NOBODY_IS_TOLD
#define THE_END false
#else
#define THE_END (senders == 0 && len(queue) == 0)
#endif
#endif
#endif

active [SENDERS] proctype Sender()
{
    byte number = 0;
    do
    :: number < MESSAGES ->
        if
#if SIZE == 0
        :: queue!_pid,number ->
#ifndef TWICE
            number++
#else
            skip
#endif
#else
        :: atomic {
            receivers > 0 && len(queue) < places ->
            queue!_pid,number;
            number++;
            sent++;
            assert(len(queue) <= CAPACITY);
            assert(sent == got + len(queue) + gone)
        }
#endif
        :: atomic { receivers == 0 -> number++ }
        fi
    :: else -> break
    od;
    atomic { senders-- }
}

active [RECEIVERS] proctype Receiver()
{
    byte who, number, turn;
    byte next[SENDERS];
    do
#if SIZE == 0
    :: queue?who,number ->
        atomic {
            assert(number == next[who]);
            next[who] = number + 1
        }
#else
    :: atomic {
        len(queue) > 0 ->
#ifdef LOST_PERMIT
        if
        :: len(queue) == places -> places--
        :: else
        fi;
#endif
#ifdef NEWEST_FIRST
        turn = len(queue) - 1;
        do
        :: turn > 0 -> queue?who,number; queue!who,number; turn--
        :: else -> break
        od;
#endif
        queue?who,number;
        got++;
        assert(number >= next[who]);
        next[who] = number + 1
    }
#endif
    :: atomic {
        THE_END ->
        assert(len(queue) == 0);
        told++
    } -> break
#ifdef EARLY
    :: true -> break
#endif
#ifdef LAZY
    :: true -> skip
#endif
    od;
    atomic {
        receivers--;
        if
        :: receivers == 0 ->
            do
            :: len(queue) > 0 -> queue?who,number; gone++
            :: else -> break
            od
        :: else
        fi
    }
}

ltl ends { <> (senders == 0 && receivers == 0) }
