/* A select over rendezvous, claimed by whoever meets it, written for Spin: a second opinion of models/select.py.
 * Defined from outside: THREADS (3 at most), LINES, CASE00 to CASE21 (of which thread, which of its cases: the line in
 * which it waits, that of the opposite side is the other of the pair; NONE: no such case), and the twins:
 * CLAIMS_EACH_ENTRY, ONE_LOOK.
 * A step is a d_step: by its manual, though not in 6.5.2, Spin makes one step of two atomic ones in succession.
 */

#define NONE 255
#define WAITING 254
#define OVER 253

#define ROOM (2 * THREADS)
#define ME _pid

mtype = { tries, claims, enters, looks, withdraws, asleep, leaves, done };

byte own[6] = { CASE00, CASE01, CASE10, CASE11, CASE20, CASE21 };
chan line[LINES] = [ROOM] of { byte, byte, byte }; /* a thread, which of its waits this is, which of its cases */
byte waits[3];
byte ended[3] = OVER;                              /* or WAITING, or by whom its present wait was ended */
byte met[3] = NONE;                                /* whom, when it is done */
byte performed[3];                                 /* how often its operation was */
mtype at[3] = tries;
hidden byte who, wait, which, first, found, count; /* within one step */

#define OWN(thread, number) own[2 * (thread) + (number)]
#define OPPOSITE(thread, number) (OWN(thread, number) ^ 1)
#define HAS(number) (number < 2 && OWN(ME, number) != NONE)
#define MET(thread, number) (2 * (thread) + (number)) /* by which of the own cases, or of one's peer's */
#define FOUND(thread) (met[thread] != NONE -> met[thread] : ended[thread])

#ifdef CLAIMS_EACH_ENTRY
#define IS_WAITING (line[OWN(who, which)]??[eval(who),eval(wait),eval(which)])
#else
#define IS_WAITING (waits[who] == wait && ended[who] == WAITING)
#endif

/* One operation of each is performed, and those who met say the same of each other. */
inline agree()
{
    first = 0;
    do
    :: first < THREADS ->
        assert(performed[first] <= 1);
        if
        :: FOUND(first) < OVER ->
            who = FOUND(first) / 2;
            assert(who != first && FOUND(who) < OVER && FOUND(who) / 2 == first);
            assert(OWN(who, FOUND(who) % 2) == OPPOSITE(first, FOUND(first) % 2))
        :: else
        fi;
        first++
    :: else -> break
    od;
    first = 0 /* a break may not lead out of a d_step */
}

/* Add all of a line to what is at hand. */
inline copy(number)
{
    count = len(line[number]);
    do
    :: count > 0 ->
        line[number]?who,wait,which;
        line[number]!who,wait,which;
        hands!who,wait,which;
        count--
    :: else -> break
    od
}

inline remove(thread, number, place)
{
    if
    :: line[OWN(thread, place)]??[eval(thread),eval(number),eval(place)] ->
        line[OWN(thread, place)]??eval(thread),eval(number),eval(place)
    :: else
    fi
}

inline goes(where, number)
{
    at[ME] = where;
    turn = number
}

inline claim()
{
    hands?who,wait,which;
    if
    :: IS_WAITING ->
        performed[who]++;
        performed[ME]++;
        ended[who] = MET(ME, which);
        met[ME] = MET(who, turn);
        remove(who, wait, which);
        do
        :: len(hands) > 0 -> hands?_,_,_
        :: else -> break
        od;
        goes(done, 0);
        agree()
    :: else -> remove(who, wait, which)
    fi
}

inline look_again()
{
    found = false;
    copy(OPPOSITE(ME, turn));
    turn++;
    do
    :: len(hands) > 0 ->
        hands?who,wait,which;
        if
        :: !found && who != ME && IS_WAITING ->
            found = true;
            if
            :: who > ME -> goes(withdraws, 0)
            :: else -> ended[who] = OVER
            fi
        :: else
        fi
    :: else -> break
    od;
    agree()
}

/* Wake the first of each own line, if it has a peer besides the one that is made use of, and is not alone. */
inline pass_on()
{
    turn = 0;
    do
    :: HAS(turn) && len(line[OWN(ME, turn)]) > 0 ->
        copy(OWN(ME, turn));
        copy(OPPOSITE(ME, turn));
        line[OWN(ME, turn)]?<first,_,_>;
        found = false;
        do
        :: len(hands) > 0 ->
            hands?who,_,_;
            found = found || who != first
        :: else -> break
        od;
        line[OWN(ME, turn)]?<who,wait,which>;
        if
        :: found && len(line[OPPOSITE(ME, turn)]) > (HAS(1) -> 0 : 1) && IS_WAITING -> ended[who] = OVER
        :: else
        fi;
        turn++
    :: HAS(turn) && len(line[OWN(ME, turn)]) == 0 -> turn++
    :: else -> break
    od;
    agree()
}

active [THREADS] proctype Thread()
{
    byte turn;                                       /* which case it is at */
    chan hands = [2 * ROOM] of { byte, byte, byte }; /* whom it is about to claim */
end_rests:
    do
    :: d_step { at[ME] == tries && HAS(turn) -> copy(OPPOSITE(ME, turn)); at[ME] = claims }
    :: d_step { at[ME] == tries && !HAS(turn) -> waits[ME]++; ended[ME] = WAITING; goes(enters, 0) }
    :: d_step { at[ME] == claims && len(hands) == 0 -> goes(tries, turn + 1) }
    :: d_step { at[ME] == claims && len(hands) > 0 -> claim() }
    :: d_step {
            at[ME] == enters ->
            line[OWN(ME, turn)]!ME,waits[ME],turn;
            turn++;
            if
            :: HAS(turn)
            :: else -> goes(looks, 0)
            fi
        }
#ifdef ONE_LOOK
    :: d_step { at[ME] == looks -> goes(asleep, 0) }
#else
    :: d_step { at[ME] == looks && HAS(turn) -> look_again() }
    :: d_step { at[ME] == looks && !HAS(turn) -> goes(asleep, 0) }
#endif
    :: d_step {
            at[ME] == withdraws ->
            ended[ME] = (ended[ME] == WAITING -> OVER : ended[ME]);
            goes(leaves, 0)
        }
    :: d_step { at[ME] == asleep && ended[ME] != WAITING -> goes(leaves, 0) }
    :: d_step { at[ME] == leaves && HAS(turn) -> remove(ME, waits[ME], turn); turn++ }
    :: d_step { at[ME] == leaves && !HAS(turn) && ended[ME] != OVER -> met[ME] = ended[ME]; goes(done, 0) }
    :: d_step { at[ME] == leaves && !HAS(turn) && ended[ME] == OVER -> pass_on(); goes(tries, 0) }
    od
}

#define LEFT(thread) (thread < THREADS && at[thread] != done)
#define RESTS(thread) (!LEFT(thread) || (at[thread] == asleep && ended[thread] == WAITING))
#define PEER(thread, line) (OWN(thread, 0) == (line) || OWN(thread, 1) == (line))
#define COULD_MEET(one, other) (LEFT(one) && LEFT(other) \
    && (PEER(one, OPPOSITE(other, 0)) || PEER(one, OPPOSITE(other, 1))))
#define NOBODY_COULD_MEET (!COULD_MEET(0, 1) && !COULD_MEET(0, 2) && !COULD_MEET(1, 2))

ltl ends { <> (RESTS(0) && RESTS(1) && RESTS(2) && NOBODY_COULD_MEET) }
