/*
 * Epoch ends with a light client [CKP-4] [LC-1]. Decides: a light client never takes a header that the committee of its
 * height did not certify, although committees whose epoch is over may sign what they like.
 *
 * The ledger grows by a certified header at a time. Committee e holds heights first to last, as its record says; the
 * header at which its epoch ends names the next one, at `last` or, where q seats bring the end forward, before. The age
 * of things is counted in heights: frontier minus height.
 *
 * Keys of a past committee forge anything TRUSTED heights after its end: then stake and office are gone. At once they
 * sign heights at which they never signed before, since nothing they said contradicts it: there are no two votes of one
 * height to show.
 */

#ifndef TOP
#define TOP 9
#endif
#ifndef LENGTH
#define LENGTH 3
#endif
#define TRUSTED 3
#define EPOCHS (TOP + 1)
#define NEVER 63

byte frontier;
byte epoch;
byte first[EPOCHS + 1] = 1;
byte last[EPOCHS + 1];
byte over[EPOCHS + 1] = NEVER;

/* The light client: height of its newest header, and the epoch whose committee may certify a newer one. */
byte trusted;
byte known;
bool begun;

#define ENDED(e) (over[e] != NEVER)
/* [BFT-2] Whether votes of a committee above the end of its epoch can be held against it while it is trusted. */
#ifdef GAP_UNPUNISHED
#define SIGNABLE(e) over[e]
#else
#define SIGNABLE(e) last[e]
#endif
#define FORGEABLE(e, h) (ENDED(e) && (frontier > over[e] + TRUSTED || (h) > SIGNABLE(e)))

#ifdef AGE_UNCHECKED
#define FRESH (true)
#else
#define FRESH (frontier - trusted <= TRUSTED)
#endif
#ifdef HEIGHTS_UNCHECKED
#define HOLDS(e, h) (true)
#else
#define HOLDS(e, h) (first[e] <= (h) && (h) <= last[e])
#endif
#ifdef ANY_KNOWN_COMMITTEE
#define MAY_CERTIFY(e) ((e) <= known)
#else
#define MAY_CERTIFY(e) ((e) == known)
#endif
#define TAKES(e, h) (FRESH && MAY_CERTIFY(e) && HOLDS(e, h) && (h) > trusted)

/* The committee that certified height h in truth. */
#define CERTIFIED_BY(e, h) ((h) <= frontier && first[e] <= (h) && (h) <= over[e] && (e) <= epoch)

active proctype ledger() {
  d_step { last[0] = LENGTH; begun = true }
end:
  do
  :: d_step { frontier < TOP && frontier + 1 < last[epoch] -> frontier++ }
  /* The epoch ends with this header, at its last height or because it was brought forward. */
#ifdef NO_EARLY_END
  :: d_step { frontier < TOP && frontier + 1 == last[epoch] ->
#else
  :: d_step { frontier < TOP ->
#endif
       frontier++;
       over[epoch] = frontier;
       epoch++;
       first[epoch] = frontier + 1;
       last[epoch] = frontier + LENGTH
     }
  od
}

#ifdef REACH
/* A client that began at genesis has followed two changes of committee. */
#define REACHED assert(known < 2)
#else
#define REACHED skip
#endif

active proctype client() {
  byte height, signers;
  begun;
end:
  do
  /* A true header, of any height; the last of an epoch names the next committee. */
  :: atomic {
       trusted < frontier;
       select(height : trusted + 1 .. frontier);
       if
       :: CERTIFIED_BY(known, height) && TAKES(known, height) ->
            trusted = height;
            if
            :: over[known] == height -> known++; REACHED
            :: else
            fi
       :: else
       fi;
       height = 0
     }
  /* A forged one, by a past committee. */
  :: atomic {
       epoch > 0;
       select(height : 1 .. TOP + 1);
       select(signers : 0 .. epoch - 1);
       assert(!(FORGEABLE(signers, height) && TAKES(signers, height) && signers <= known));
       height = 0; signers = 0
     }
  /* Somebody whom it trusts pins the newest header for it anew. */
  :: d_step { trusted < frontier && !FRESH -> trusted = frontier;
       known = epoch }
  od
}
