/*
 * Validity against enrolment and revocation [ADM-1], docs/spec/vertex.md.
 * Decides: no vertex is solid at one node and refused at another; what was signed before a revocation still chains,
 * and nothing takes effect after it.
 *
 * The ledger certifies heights 1 to TOP. At one of them author X is enrolled, at a later one it is revoked. X signs v1
 * and v2 on top of it; Y, enrolled at genesis, signs w on top of v2. Each cites any checkpoint that is not older than
 * its ancestors'. Nodes follow the ledger each at its own pace, and get the vertices in any order at any time.
 */

#ifndef NODES
#define NODES 2
#endif
#ifndef TOP
#define TOP 4
#endif

#define V1 0
#define V2 1
#define W 2
#define VERTICES 3
#define NEVER 15

mtype = { unseen, parked, solid, refused };

/* The ledger: its frontier, and the heights at which X was enrolled (again) and revoked. */
byte frontier;
bool ready;
byte enrolled = NEVER;
byte again = NEVER;
byte revoked = NEVER;
/* Height of the checkpoint that each vertex cites; of the one that confirms it, and whether it took effect. */
byte cites[VERTICES];
byte confirmed[VERTICES] = NEVER;
bool effect[VERTICES];

byte height[NODES];
mtype verdict[NODES * VERTICES] = unseen;
#define AT(node, v) verdict[(node) * VERTICES + (v)]

/* The state of X's key at a height: its record is never deleted, and a key enrols once. */
#define SINCE(h) (again <= (h) -> again : enrolled)
#define ACTIVE(h) (enrolled <= (h) && !(revoked <= (h) && !(again <= (h))))

#ifdef BY_CURRENT_STATE
/* Whether the key is active where this node stands. */
#define FIT(h, v) (ACTIVE(h))
#elif defined(RECORD_DELETED)
#define FIT(h, v) (ACTIVE(h) && SINCE(h) <= cites[v])
#else
#define FIT(h, v) (SINCE(h) <= cites[v])
#endif

#define BY_X(v) ((v) != W)
#define CHECKPOINT_KNOWN(node, v) (cites[v] <= height[node])
#define VALID(node, v) (!BY_X(v) || FIT(height[node], v))
#define ANCESTOR_OK(node, v) ((v) == V1 || AT(node, (v) - 1) == solid)

#define me _pid
#if NODES == 2
#define SOME(v, what) (AT(0, v) == what || AT(1, v) == what)
#else
#define SOME(v, what) (AT(0, v) == what || AT(1, v) == what || AT(2, v) == what)
#endif
#define AGREED(v) assert(!(SOME(v, solid) && SOME(v, refused)))

/* The vertex comes, or is looked at again: early it waits, alone it waits; else it is judged. */
#define JUDGE(v) \
  :: d_step { AT(me, v) == unseen && !(CHECKPOINT_KNOWN(me, v) && (!VALID(me, v) || ANCESTOR_OK(me, v))) -> \
       AT(me, v) = parked } \
  :: d_step { (AT(me, v) == unseen || AT(me, v) == parked) && CHECKPOINT_KNOWN(me, v) && !VALID(me, v) -> \
       AT(me, v) = refused; AGREED(v) } \
  :: d_step { (AT(me, v) == unseen || AT(me, v) == parked) && CHECKPOINT_KNOWN(me, v) && VALID(me, v) && \
              ANCESTOR_OK(me, v) -> AT(me, v) = solid; AGREED(v) }

active [NODES] proctype node() {
  ready;
end:
  do
  :: d_step { height[me] < frontier -> height[me]++ }
  JUDGE(V1) JUDGE(V2) JUDGE(W)
  od
}

/* Judged in the state before the checkpoint that confirms. */
#ifdef EFFECT_AS_CITED
#define MAY_ACT(v) ACTIVE(cites[v])
#else
#define MAY_ACT(v) ACTIVE(frontier - 1)
#endif
/* A checkpoint confirms what is solid somewhere at the frontier, ancestors first; its outcome is judged there. */
#define SOLID_AT_FRONTIER(v) \
  ((AT(0, v) == solid && height[0] == frontier) || (AT(1, v) == solid && height[1] == frontier))
#define CONFIRM(v) \
  :: d_step { frontier < TOP && confirmed[v] == NEVER && SOLID_AT_FRONTIER(v) && \
              ((v) == V1 || confirmed[(v) - 1] != NEVER) -> \
       frontier++; confirmed[v] = frontier; \
       effect[v] = (!BY_X(v) || MAY_ACT(v)); \
       assert(cites[v] < frontier); \
       assert(!(BY_X(v) && effect[v] && revoked < frontier)); \
       REACHED(v) }
#if REACH == 1
/* Confirmed without effect: its author was revoked. */
#define REACHED(v) assert(effect[v])
#elif REACH == 2
#define REACHED(v) assert(!((v) == V2 && effect[V1] && !effect[V2]))
#else
#define REACHED(v) skip
#endif

active proctype ledger() {
  /* What the authors will cite, none an older checkpoint than its ancestors [VTX-3]. */
  byte oldest = 0;
  atomic {
    select(oldest : 0 .. TOP - 1); cites[V1] = oldest;
    select(oldest : cites[V1] .. TOP - 1); cites[V2] = oldest;
    select(oldest : cites[V2] .. TOP - 1); cites[W] = oldest;
    oldest = 0;
    ready = true
  }
end:
  do
  :: d_step { frontier < TOP -> frontier++ }
  :: d_step { frontier < TOP && enrolled == NEVER -> frontier++; enrolled = frontier }
  :: d_step { frontier < TOP && enrolled != NEVER && revoked == NEVER -> frontier++; revoked = frontier }
#ifdef ENROLLED_AGAIN
  :: d_step { frontier < TOP && revoked != NEVER && again == NEVER -> frontier++; again = frontier }
#endif
  CONFIRM(V1) CONFIRM(V2) CONFIRM(W)
  od
}
