/*
 * The silence of a seat that was put back from an old backup, over several heights [BFT-1].
 * Decides: no honest seat votes twice at one height. A height is one vote here; pbft.pml looks inside of it.
 *
 * A restored seat hears the working heights of HEARD other seats, in this life of it, and votes only above the greatest
 * plus one. A working height is one more than the greatest height of which a seat holds the certificate. Byzantine
 * seats join every certificate, and answer at once with the lowest height.
 */

#ifndef N
#define N 4
#endif
#ifndef TOP
#define TOP 4
#endif
/* Seats that may be restored at all, and how many of them may be silent at one time. */
#ifndef RESTORABLE
#define RESTORABLE 2
#endif
#ifndef SILENT_MAX
#define SILENT_MAX 1
#endif
/* How often one seat may be restored. */
#ifndef LIVES
#define LIVES 1
#endif

#define F ((N - 1) / 3)
/* Seats that are Byzantine indeed. */
#ifndef BYZANTINE
#define BYZANTINE F
#endif
#define Q (2 * N / 3 + 1)
#define HONEST (N - BYZANTINE)
/* HEARD and the q - 1 others that committed the height before have f + 1 seats in common, so one that is honest. */
#ifdef HEARS_TOO_FEW
#define HEARD (N - Q + F)
#else
#define HEARD (N - Q + F + 1)
#endif
#ifdef ABOVE_GREATEST
#define ABOVE 1
#else
#define ABOVE 2
#endif

#define BIT(h) (1 << (h))
#define me _pid

byte working[HONEST] = 1;
/* Heights at which the seat voted: by its log, and in truth. */
byte log[HONEST];
byte said[HONEST];
byte restored[HONEST];
bool silent[HONEST];
/* Honest seats that a silent one has heard, the greatest of their working heights, and where it may vote again. */
byte heard[HONEST];
byte greatest[HONEST];
byte floor[HONEST];

#define SAID(s, h) ((said[s] & BIT(h)) != 0)
#define IN(s) (heard[me] >> (s) & 1)
#if HONEST == 3
#define VOTES(h) (SAID(0, h) + SAID(1, h) + SAID(2, h))
#define SILENT (silent[0] + silent[1] + silent[2])
#define HEARD_NOW (IN(0) + IN(1) + IN(2) + BYZANTINE)
#elif HONEST == 4
#define VOTES(h) (SAID(0, h) + SAID(1, h) + SAID(2, h) + SAID(3, h))
#define SILENT (silent[0] + silent[1] + silent[2] + silent[3])
#define HEARD_NOW (IN(0) + IN(1) + IN(2) + IN(3) + BYZANTINE)
#elif HONEST == 5
#define VOTES(h) (SAID(0, h) + SAID(1, h) + SAID(2, h) + SAID(3, h) + SAID(4, h))
#define SILENT (silent[0] + silent[1] + silent[2] + silent[3] + silent[4])
#define HEARD_NOW (IN(0) + IN(1) + IN(2) + IN(3) + IN(4) + BYZANTINE)
#endif
#define CERTIFIED(h) (VOTES(h) + BYZANTINE >= Q)

/* Whether the working height of `s` counts, when a silent seat hears it: not while it is silent itself. */
#ifdef SILENT_HEARD
#define COUNTS(s) (true)
#else
#define COUNTS(s) (!silent[s])
#endif

#define HEAR(s) \
  :: d_step { silent[me] && floor[me] == 0 && (s) != me && !IN(s) && COUNTS(s) -> \
       heard[me] = heard[me] | BIT(s); \
       greatest[me] = (working[s] > greatest[me] -> working[s] : greatest[me]) }

#ifdef VOTES_AT_ONCE
#define FALL_SILENT skip
#else
#define FALL_SILENT silent[me] = true
#endif
/* The backup was made when the seat worked at height h. What it said from there on its log does not know. */
#define RESTORE(h) \
  :: d_step { me < RESTORABLE && restored[me] < LIVES && SILENT < SILENT_MAX && (h) <= working[me] -> \
       working[me] = h; log[me] = log[me] & (BIT(h) - 1); restored[me]++; \
       heard[me] = 0; greatest[me] = 0; floor[me] = 0; FALL_SILENT }

#ifdef REACH
#define REACHED assert(restored[me] == 0)
#else
#define REACHED skip
#endif

active [HONEST] proctype seat() {
end:
  do
  :: d_step { !silent[me] && working[me] <= TOP && working[me] >= floor[me] && !(log[me] & BIT(working[me])) ->
       assert(!SAID(me, working[me]));
       REACHED;
       log[me] = log[me] | BIT(working[me]);
       said[me] = said[me] | BIT(working[me])
     }
  :: d_step { working[me] <= TOP && CERTIFIED(working[me]) -> working[me]++ }
  HEAR(0) HEAR(1) HEAR(2)
#if HONEST >= 4
  HEAR(3)
#endif
#if HONEST >= 5
  HEAR(4)
#endif
  :: d_step { silent[me] && floor[me] == 0 && HEARD_NOW >= HEARD && working[me] >= greatest[me] ->
       floor[me] = greatest[me] + ABOVE }
  :: d_step { silent[me] && floor[me] != 0 && working[me] >= floor[me] ->
       silent[me] = false; heard[me] = 0; greatest[me] = 0 }
  RESTORE(1) RESTORE(2) RESTORE(3)
#if TOP >= 4
  RESTORE(4)
#endif
  od
}
