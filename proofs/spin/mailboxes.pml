/* One value that two threads send, each to its own address, written for Spin: a second opinion of models/mailboxes.py.
 * Defined from outside: DISCARDS (1: somebody may discard the first address), and the twins: COPIES, KEEPS_NOTHING.
 */

mtype = { value };

bool owned = true;             /* the value is in what both share */
chan box[2] = [1] of { mtype };
bool made[2], discarded;       /* an address; the first one */
byte received[2], destroyed;

active [2] proctype Sender()
{
finds:
    made[_pid] = true;
moves:
    if
#ifdef COPIES
    :: owned
#else
    :: atomic { owned -> owned = false }
#endif
    :: !owned -> goto end_moved_before
    fi;
offers:
    if
    :: _pid == 0 && discarded
    :: atomic { !(_pid == 0 && discarded) -> box[_pid]!value } -> goto end_sent
    fi;
gives_back:
#ifdef KEEPS_NOTHING
    skip;
#else
    owned = true;
#endif
end_refused:
    false;
end_sent:
    false;
end_moved_before:
    false
}

active [2] proctype Receiver()
{
end_receives:
    do
    :: atomic { box[_pid - 2]?value -> received[_pid - 2]++ }
    od
}

#if DISCARDS
active proctype Discarder()
{
    do
    :: !discarded /* it need not */
    :: !made[0] -> break
    :: atomic {
        made[0] ->
        discarded = true;
        destroyed = destroyed + len(box[0]);
        do
        :: box[0]?value
        :: empty(box[0]) -> break
        od
    } -> break
    od;
end_discards:
    false
}
#endif

#define HANDS(sender) (Sender[sender]@offers || Sender[sender]@gives_back)
#define QUEUED (len(box[0]) + len(box[1]))
#define OWNERS (owned + HANDS(0) + HANDS(1) + QUEUED + received[0] + received[1] + destroyed)
#define LOST_BY_THE_FIRST (Sender[0]@end_refused && (Sender[1]@finds || Sender[1]@moves) && !owned)

active proctype Watch()
{
end_watches:
    OWNERS != 1 || LOST_BY_THE_FIRST -> assert(false)
}

#define ENDED(sender) (Sender[sender]@end_sent || Sender[sender]@end_refused || Sender[sender]@end_moved_before)

ltl ends { <> (ENDED(0) && ENDED(1) && QUEUED == 0) }
