/*
 * One height of PBFT: votes and view changes among N seats, F of them Byzantine, with crashes and restored backups.
 * Decides: no two values are ever certified. [BFT-1] [BFT-4] [BFT-5] [BFT-6], docs/spec/pbft.md; README.md says what
 * is abstracted.
 *
 * The network is what honest seats have signed: any of it may be lost, late, doubled or shown to some only, so a seat
 * may act on any part of it. Byzantine seats have signed everything. Each step of a seat rests on its vote log and on
 * the network alone, as if it had died and come back since the step before.
 */

#ifndef N
#define N 4
#endif
#ifndef VIEWS
#define VIEWS 3
#endif

#define F ((N - 1) / 3)
#ifdef QUORUM_2F1
#define Q (2 * F + 1)
#else
#define Q (2 * N / 3 + 1)
#endif
#define HONEST (N - F)
/* Honest signatures that make a quorum when all Byzantine seats join. */
#define NEEDED (Q - F)

/*
 * A line, in the log and on the wire, is one bit: prepare or commit of value x (0 or 1) in view v; view-change to v
 * with claim c: 0 nothing prepared, 1 + 2w + x value x prepared in view w < v.
 */
#define LOW(k) ((1 << (k)) - 1)
#define PREPARE(v, x) (1 << (4 * (v) + (x)))
#define COMMIT(v, x) (1 << (4 * (v) + 2 + (x)))
#define CHANGES_AT(v) (4 * VIEWS + (v) * (v) - 1)
#define CHANGE(v, c) (1 << (CHANGES_AT(v) + (c)))
#define PREPARES(v) (3 << (4 * (v)))
#define COMMITS(v) (3 << (4 * (v) + 2))
#define CHANGES(v) (LOW(2 * (v) + 1) << CHANGES_AT(v))
/* View-changes to v that claim a view of at most w; nothing is view -1. */
#define CLAIMS(v, w) (LOW(2 * (w) + 3) << CHANGES_AT(v))
/* All lines of views above v, and of views below k. */
#define ABOVE(v) ((LOW(4 * VIEWS) & ~LOW(4 * (v) + 4)) | ~LOW(CHANGES_AT((v) + 1)))
#define BELOW(k) (LOW(4 * (k)) | (LOW(CHANGES_AT(k)) & ~LOW(4 * VIEWS)))

int log[HONEST];
int wire[HONEST];
/* Bit x: value x has q commits of one view. */
byte certified;

hidden byte i;
hidden int swapped;

#define HAS(s, lines) ((wire[s] & (lines)) != 0)
#if HONEST == 3
#define COUNT(lines) (HAS(0, lines) + HAS(1, lines) + HAS(2, lines))
#define ALL(array) (array[0] | array[1] | array[2])
#elif HONEST == 4
#define COUNT(lines) (HAS(0, lines) + HAS(1, lines) + HAS(2, lines) + HAS(3, lines))
#define ALL(array) (array[0] | array[1] | array[2] | array[3])
#elif HONEST == 5
#define COUNT(lines) (HAS(0, lines) + HAS(1, lines) + HAS(2, lines) + HAS(3, lines) + HAS(4, lines))
#define ALL(array) (array[0] | array[1] | array[2] | array[3] | array[4])
#endif

/* q prepares of x in v can be shown. Whether under one new-view is not asked: that allows more, not less. */
#ifdef PHASELESS
#define PREPARED(v, x) (COUNT(PREPARE(v, x) | COMMIT(v, x)) >= NEEDED)
#define CERTIFIED(v, x) (COUNT(PREPARE(v, x) | COMMIT(v, x)) >= NEEDED)
#else
#define PREPARED(v, x) (COUNT(PREPARE(v, x)) >= NEEDED)
#define CERTIFIED(v, x) (COUNT(COMMIT(v, x)) >= NEEDED)
#endif

/*
 * q view-changes to v can be shown that bind it to x or leave it free. The Byzantine ones among them claim whatever is
 * best, but must prove a claim with q prepares.
 */
#define BY_CLAIM(v, w, x) (PREPARED(w, x) && COUNT(CLAIMS(v, w)) >= NEEDED)
#define FREE(v) (COUNT(CLAIMS(v, -1)) >= NEEDED)
#define OPENED0(x) (true)
#define OPENED1(x) (FREE(1) || BY_CLAIM(1, 0, x))
#define OPENED2(x) (FREE(2) || BY_CLAIM(2, 0, x) || BY_CLAIM(2, 1, x))
#define OPENED3(x) (FREE(3) || BY_CLAIM(3, 0, x) || BY_CLAIM(3, 1, x) || BY_CLAIM(3, 2, x))

/* What a view-change to v claims by this log: the value of its commit of the greatest lower view. */
#ifdef LOCK_FORGOTTEN
#define CLAIM1(lines) (0)
#define CLAIM2(lines) (0)
#define CLAIM3(lines) (0)
#else
#define COMMITTED(lines, w, otherwise) \
  ((lines) & COMMIT(w, 0) -> 1 + 2 * (w) : ((lines) & COMMIT(w, 1) -> 2 + 2 * (w) : (otherwise)))
#define CLAIM1(lines) COMMITTED(lines, 0, 0)
#define CLAIM2(lines) COMMITTED(lines, 1, CLAIM1(lines))
#define CLAIM3(lines) COMMITTED(lines, 2, CLAIM2(lines))
#endif

/* [BFT-4] A line of a higher view closes the lower ones. */
#ifdef OLD_VIEWS_OPEN
#define CLOSED(s, v) (false)
#else
#define CLOSED(s, v) ((log[s] & ABOVE(v)) != 0)
#endif

/* [BFT-1] One value for each view and phase. `group` holds all lines of the phase in that view. */
#define MAY_SIGN(s, line, group) ((log[s] & (group) & ~(line)) == 0 && (wire[s] & (line)) == 0)

/* Seats are alike, so states that differ by their order only are one: kept ascending by (log, wire). */
#define PRECEDES(a, b) (log[a] < log[b] || (log[a] == log[b] && wire[a] < wire[b]))
inline swap(a, b) {
  swapped = log[a]; log[a] = log[b]; log[b] = swapped;
  swapped = wire[a]; wire[a] = wire[b]; wire[b] = swapped;
}
inline settle_order() {
  i = 1;
  do
  :: i < HONEST && PRECEDES(i, i - 1) -> swap(i, i - 1); i++
  :: i < HONEST && !PRECEDES(i, i - 1) -> i++
  :: else -> break
  od;
  i = HONEST - 1;
  do
  :: i > 0 && PRECEDES(i, i - 1) -> swap(i, i - 1); i--
  :: i > 0 && !PRECEDES(i, i - 1) -> i--
  :: else -> break
  od;
  i = 0
}

#ifdef BROKEN
#define CHECK_ONE_VALUE(s, group)
#else
#define CHECK_ONE_VALUE(s, group) \
  assert((wire[s] & (group)) == 0 || ((wire[s] & (group)) & ((wire[s] & (group)) - 1)) == 0);
#endif

#define CERTIFY(v, x) \
  if \
  :: CERTIFIED(v, x) -> certified = certified | (1 << (x)); REACHED(v, x) \
  :: else \
  fi; \
  assert(certified != 3);

/* States that must be reachable, or the checks above would hold of nothing. */
#if REACH == 1
#define REACHED(v, x) assert(false);
#elif REACH == 2
/* Certified in the last view, though a seat committed it in view 0: the lock was carried on. */
#define REACHED(v, x) assert(!((v) == VIEWS - 1 && COUNT(COMMIT(0, x)) > 0 && COUNT(COMMITS(1)) == 0));
#elif REACH == 3
/* Certified although seats had prepared the other value by q: it was not certified then. */
#define REACHED(v, x) assert(!((v) > 0 && PREPARED(0, 1 - (x))));
#else
#define REACHED(v, x)
#endif

/* Log first, wire second; a seat may die between the two. */
#ifdef VOTE_BEFORE_WRITE
#define SIGNED_AND_DIED(s, line) wire[s] = wire[s] | (line)
#else
#define SIGNED_AND_DIED(s, line) log[s] = log[s] | (line)
#endif
#define SIGN(guard, s, line, group, then) \
  :: d_step { (guard) -> \
       log[s] = log[s] | (line); wire[s] = wire[s] | (line); CHECK_ONE_VALUE(s, group) then settle_order() } \
  DIE(guard, s, line, group, then)
#ifdef TORN
#define DIE(guard, s, line, group, then) \
  :: d_step { (guard) && (log[s] & (line)) == 0 -> \
       SIGNED_AND_DIED(s, line); CHECK_ONE_VALUE(s, group) then settle_order() }
#else
#define DIE(guard, s, line, group, then)
#endif

/* Values are alike as well: 0 is the one that was prepared first. */
#define PREPARES_OF_0 (1 | (1 << 4) | (VIEWS > 2 -> 1 << 8 : 0) | (VIEWS > 3 -> 1 << 12 : 0))
#define NAMED0 (true)
#define NAMED1 (((ALL(log) | ALL(wire)) & PREPARES_OF_0) != 0)

#define VOTE(s, v, x) \
  SIGN(NAMED##x && !CLOSED(s, v) && MAY_SIGN(s, PREPARE(v, x), PREPARES(v)) && OPENED##v(x), \
       s, PREPARE(v, x), PREPARES(v), CERTIFY(v, x)) \
  SIGN(!CLOSED(s, v) && MAY_SIGN(s, COMMIT(v, x), COMMITS(v)) && PREPARED(v, x), \
       s, COMMIT(v, x), COMMITS(v), CERTIFY(v, x))

/* A view-change that was logged is said again as it was, while its view is the seat's greatest. */
#define CHANGE_VIEW(s, v) \
  SIGN((log[s] & (ABOVE(v) | PREPARES(v) | COMMITS(v))) == 0 && \
       MAY_SIGN(s, CHANGE(v, CLAIM##v(log[s])), CHANGES(v)), \
       s, CHANGE(v, CLAIM##v(log[s])), CHANGES(v), skip;)

/* A seat put back from a backup of its log: it is silent for the rest of the height (restore.pml says why it may be). */
#ifdef RESTORED_VOTES
/* One seat, once: that is enough. */
bool restored;
#define MAY_RESTORE(s) (!restored)
#define RESTORED(s, kept) log[s] = log[s] & (kept); restored = true
#else
#define MAY_RESTORE(s) (log[s] != -1)
#define RESTORED(s, kept) log[s] = -1
#endif
#ifdef BACKUPS
#define RESTORE(s, kept) \
  :: d_step { MAY_RESTORE(s) && (log[s] & ~(kept)) != 0 -> RESTORED(s, kept); settle_order() }
#else
#define RESTORE(s, kept)
#endif

#if VIEWS == 3
#define SEAT(s) \
  VOTE(s, 0, 0) VOTE(s, 0, 1) VOTE(s, 1, 0) VOTE(s, 1, 1) VOTE(s, 2, 0) VOTE(s, 2, 1) \
  CHANGE_VIEW(s, 1) CHANGE_VIEW(s, 2) \
  RESTORE(s, 0) RESTORE(s, BELOW(1)) RESTORE(s, BELOW(2)) \
  RESTORE(s, PREPARES(0)) RESTORE(s, BELOW(1) | CHANGES(1)) RESTORE(s, BELOW(1) | CHANGES(1) | PREPARES(1))
#elif VIEWS == 2
#define SEAT(s) \
  VOTE(s, 0, 0) VOTE(s, 0, 1) VOTE(s, 1, 0) VOTE(s, 1, 1) CHANGE_VIEW(s, 1) \
  RESTORE(s, 0) RESTORE(s, BELOW(1)) RESTORE(s, PREPARES(0)) RESTORE(s, BELOW(1) | CHANGES(1))
#else
#define SEAT(s) \
  VOTE(s, 0, 0) VOTE(s, 0, 1) VOTE(s, 1, 0) VOTE(s, 1, 1) \
  VOTE(s, 2, 0) VOTE(s, 2, 1) VOTE(s, 3, 0) VOTE(s, 3, 1) \
  CHANGE_VIEW(s, 1) CHANGE_VIEW(s, 2) CHANGE_VIEW(s, 3) \
  RESTORE(s, 0)
#endif

active proctype seats() {
end:
  do
  SEAT(0) SEAT(1) SEAT(2)
#if HONEST >= 4
  SEAT(3)
#endif
#if HONEST >= 5
  SEAT(4)
#endif
  od
}
