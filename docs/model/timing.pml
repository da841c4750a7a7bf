/*
 * Bounds on a proposal's time against view timeouts [CKP-3] [BFT-7], docs/spec/checkpoint.md and pbft.md.
 * Decides: once the network is calm some view is accepted, whatever happened before. Each run must end: a cycle, which
 * spin looks for, is a network in which each leader's time is refused for ever.
 *
 * q = N - F honest seats live, the others are silent or worse. Before the calm anything: any view, any time of the
 * header before, a value prepared any time ago. From then on a view ends by its timer, or is the last. In each view the
 * clocks of honest seats may stand anywhere within SKEW of real time's now, and a proposal is judged up to DELAY after it was
 * made. One unit of time is the unit of all.
 */

#ifndef N
#define N 4
#endif
#define F ((N - 1) / 3)
#define HONEST (N - F)

#ifndef SKEW
#define SKEW 2
#endif
#define AHEAD 2
#define BEHIND 1
#define DELAY 6
#define TIMEOUT 1
#ifdef TIMEOUT_FIXED
#define TIMEOUT_MAX TIMEOUT
#else
#define TIMEOUT_MAX 8
#endif
/* Views after which neither window nor timeout grows, and the age beyond which values look alike. */
#define GROWS_TO 3
#define AGE_MAX 20

#define NONE 255
#define LESS(a, b) ((a) < (b) -> (a) : (b))
#ifdef WINDOW_FIXED
#define WINDOW BEHIND
#else
#define WINDOW (BEHIND << LESS(view, GROWS_TO))
#endif
#define PATIENCE LESS(TIMEOUT << LESS(view, GROWS_TO), TIMEOUT_MAX)

/* Of the view under way, up to where growth ends; of its leader; seats below HONEST are honest. */
byte view;
byte leader;
/* How far the time of the header before lies ahead of now; how long ago a prepared value was timed, or NONE. */
byte ahead;
byte age;
bool decided;

#ifdef REACH
#define DECIDED assert(false); decided = true
#else
#define DECIDED decided = true
#endif

/* The time of a fresh value, against the clocks of those who judge it first and last. All are counted from now. */
#define ACCEPTED(t, early, late) ((t) <= (early) + AHEAD && (t) + WINDOW >= (late))
#ifdef PREPARED_JUDGED
#define PREPARED_ACCEPTED(late) (age + (late) <= WINDOW)
#else
#define PREPARED_ACCEPTED(late) (true)
#endif

active proctype height() {
  /* The leader's clock and how long it waits to pass the header before; clocks and delays of those who judge. */
  byte clock, waits, first, last, delay, spent;
  bool shown, fails;
  atomic {
    select(view : 0 .. GROWS_TO);
    select(leader : 0 .. N - 1);
    select(ahead : 0 .. SKEW + AHEAD);
    if
    :: age = NONE
    :: select(age : 0 .. AGE_MAX)
    fi
  }
  do
  :: decided -> break
  :: !decided -> atomic {
       fails = true;
       if
       :: leader >= HONEST
       :: leader < HONEST ->
            select(clock : 0 .. SKEW); select(first : 0 .. SKEW); select(last : 0 .. SKEW);
            select(delay : 0 .. DELAY);
            /* The view-changes that the leader shows name the prepared value, or those of others do not. */
            if
            :: age != NONE -> shown = true
            :: shown = false
            fi;
            waits = (!shown && ahead + 1 > clock -> ahead + 1 - clock : 0);
            if
            :: waits + delay < PATIENCE && shown && PREPARED_ACCEPTED(delay + last) -> fails = false
            :: waits + delay < PATIENCE && !shown && ACCEPTED(clock, first, delay + last) -> fails = false
            :: else
            fi
       fi;
       if
       :: !fails -> DECIDED
       :: fails ->
            /* Some seats may have prepared what was shown, although not all. */
            if
            :: age = 0
            :: skip
            fi;
            select(spent : 0 .. DELAY);
            spent = spent + PATIENCE;
            ahead = (ahead > spent -> ahead - spent : 0);
            age = (age == NONE -> NONE : LESS(age + spent, AGE_MAX));
            view = LESS(view + 1, GROWS_TO);
            leader = (leader + 1) % N
       fi;
       clock = 0; waits = 0; first = 0; last = 0; delay = 0; spent = 0; shown = false; fails = false
     }
  od
}
